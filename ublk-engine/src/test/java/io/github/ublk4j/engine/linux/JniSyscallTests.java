/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.engine.linux;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link JniSyscall}.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64", disabledReason = "machine code of amd64")
class JniSyscallTests {

	private static final long READ = 0;

	private static final long CLOSE = 3;

	private static final long MMAP = 9;

	private static final long MUNMAP = 11;

	private static final long GETTID = 186;

	@BeforeAll
	static void bind() {
		assertThat(JniSyscall.bind()).isTrue();
	}

	@Test
	void allSixArgumentsArrive(@TempDir Path folder) throws IOException {
		Path path = Files.write(folder.resolve("pages"), new byte[2 * LinuxPlatform.PAGE_SIZE]);
		byte[] page = new byte[LinuxPlatform.PAGE_SIZE];
		page[7] = 42;
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			Files.write(path, page, StandardOpenOption.APPEND);
			long offset = 2L * LinuxPlatform.PAGE_SIZE;
			long address = JniSyscall.call(MMAP, 0, LinuxPlatform.PAGE_SIZE, 1, 2, file.fd(), offset);
			assertThat(address).isPositive();
			assertThat(new Pointer(address).getByte(7)).isEqualTo((byte) 42);
			assertThat(JniSyscall.call(MUNMAP, address, LinuxPlatform.PAGE_SIZE, 0, 0, 0, 0)).isZero();
			// each of them matters
			assertThat(JniSyscall.call(MMAP, 0, LinuxPlatform.PAGE_SIZE, 1, 2, -1, offset)).isEqualTo(-Errno.EBADF);
			assertThat(JniSyscall.call(MMAP, 0, LinuxPlatform.PAGE_SIZE, 1, 2, file.fd(), 1)).isEqualTo(-Errno.EINVAL);
			assertThat(JniSyscall.call(MMAP, 0, LinuxPlatform.PAGE_SIZE, 1, 0, file.fd(), 0)).isEqualTo(-Errno.EINVAL);
			assertThat(JniSyscall.call(MMAP, 0, 0, 1, 2, file.fd(), 0)).isEqualTo(-Errno.EINVAL);
		}
	}

	@Test
	void failureIsTheNegativeErrorNumber() {
		assertThat(JniSyscall.call(CLOSE, -1, 0, 0, 0, 0, 0)).isEqualTo(-Errno.EBADF);
	}

	@Test
	void callsAreTheSameWhenTheyHaveBeenCompiled() {
		long thread = JniSyscall.call(GETTID, 0, 0, 0, 0, 0, 0);
		for (int i = 0; i < 100_000; i++) {
			assertThat(tidOrFault(i)).isEqualTo((i % 2 == 0) ? thread : -Errno.EBADF);
		}
	}

	@Test
	void waitingThreadDoesNotHoldUpTheGarbageCollector() throws Exception {
		try (EventFd eventFd = new EventFd(); Memory count = new Memory(Long.BYTES)) {
			long address = Pointer.nativeValue(count);
			CompletableFuture<Long> read = new CompletableFuture<>();
			Thread reader = new Thread(
					() -> read.complete(JniSyscall.call(READ, eventFd.fd(), address, Long.BYTES, 0, 0, 0)));
			reader.start();
			await().atMost(Duration.ofSeconds(10)).until(() -> inSystemCall(reader));
			System.gc();
			assertThat(read).isNotDone();
			eventFd.signal();
			assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo(Long.BYTES);
			assertThat(count.getByteBuffer(0, Long.BYTES).order(ByteOrder.nativeOrder()).getLong()).isEqualTo(1);
		}
	}

	private static long tidOrFault(int i) {
		return (i % 2 == 0) ? JniSyscall.call(GETTID, 0, 0, 0, 0, 0, 0) : JniSyscall.call(CLOSE, -1, 0, 0, 0, 0, 0);
	}

	private static boolean inSystemCall(Thread thread) {
		StackTraceElement[] stack = thread.getStackTrace();
		return stack.length > 0 && stack[0].getMethodName().equals("call") && stack[0].isNativeMethod();
	}

}
