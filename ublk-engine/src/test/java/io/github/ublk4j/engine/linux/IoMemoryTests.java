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
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link IoMemory}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class IoMemoryTests {

	private static final int SIZE = 16 * LinuxPlatform.PAGE_SIZE;

	@Test
	void memoryInUseKeepsItsContentWhenItIsReleased() {
		IoMemory memory = IoMemory.allocate(LinuxPlatform.PAGE_SIZE);
		ByteBuffer kept = memory.buffer().slice(100, 10);
		kept.put(0, (byte) 7);
		memory.release(true);
		assertThat(kept.get(0)).isEqualTo((byte) 7);
	}

	@Test
	void memoryIsZeroedAndPageAligned() {
		IoMemory memory = IoMemory.allocate(SIZE);
		assertThat(memory.address() % LinuxPlatform.PAGE_SIZE).isZero();
		assertThat(memory.buffer().capacity()).isEqualTo(SIZE);
		assertThat(memory.buffer().isDirect()).isTrue();
		assertThat(LinuxPlatform.addressOf(memory.buffer())).isEqualTo(memory.address());
		assertThat(memory.buffer().mismatch(ByteBuffer.allocate(SIZE))).isEqualTo(-1);
		memory.release(false);
	}

	@Test
	void memoryKeepsWhatIsWritten() {
		IoMemory memory = IoMemory.allocate(SIZE);
		memory.buffer().put(0, (byte) 1).put(SIZE - 1, (byte) 2);
		assertThat(memory.buffer().get(0)).isEqualTo((byte) 1);
		assertThat(memory.buffer().get(SIZE - 1)).isEqualTo((byte) 2);
		memory.release(false);
	}

	@Test
	void releasedMemoryReadsAsZerosAndStaysWritable() {
		IoMemory memory = IoMemory.allocate(SIZE);
		ByteBuffer slice = memory.buffer().slice(LinuxPlatform.PAGE_SIZE, LinuxPlatform.PAGE_SIZE);
		slice.put(0, (byte) 1);
		memory.release(false);
		assertThat(slice.get(0)).isZero();
		slice.put(0, (byte) 2);
		memory.release(false);
		assertThat(slice.get(0)).as("a second release does nothing").isEqualTo((byte) 2);
	}

	@Test
	void sliceAloneKeepsReleasedMemoryMapped() throws IOException {
		List<ByteBuffer> slices = new ArrayList<>();
		long address = allocateSliceAndForget(slices);
		assertThat(mapped(address)).isTrue();
		assertThat(slices.get(0).get(0)).isZero();
		slices.clear();
		Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
			System.gc();
			return !mapped(address);
		});
	}

	private static long allocateSliceAndForget(List<ByteBuffer> slices) {
		IoMemory memory = IoMemory.allocate(SIZE);
		long address = memory.address();
		slices.add(memory.buffer().slice(0, SIZE / 2).asReadOnlyBuffer().slice(0, 1));
		memory.buffer().put(0, (byte) 1);
		memory.release(false);
		WeakReference<IoMemory> reference = new WeakReference<>(memory);
		memory = null;
		Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
			System.gc();
			return reference.get() == null;
		});
		return address;
	}

	// Only this class makes mappings that fork() does not copy ("dc")
	private static boolean mapped(long address) throws IOException {
		boolean within = false;
		for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
			if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
				long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
				long end = Long.parseUnsignedLong(line.substring(line.indexOf('-') + 1, line.indexOf(' ')), 16);
				within = Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
			}
			else if (within && line.startsWith("VmFlags:")) {
				return line.contains(" dc ");
			}
		}
		return false;
	}

	@Test
	void failureSaysHowToNeedLess() {
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> IoMemory.allocate(0))
			.withMessage("mmap 0 bytes of buffer memory failed: EINVAL (Invalid argument)."
					+ " Use fewer queues, a smaller queue depth or a smaller max-io-size");
	}

	@Test
	void memoryAboveTheLockLimitIsUsedUnlocked() throws IOException, InterruptedException {
		assertThat(allocateInProcessWithLockLimit(LinuxPlatform.PAGE_SIZE)).isEqualTo("locked=true value=7");
		assertThat(allocateInProcessWithLockLimit(SIZE)).isEqualTo("locked=false value=7");
	}

	private static String allocateInProcessWithLockLimit(int bytes) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>();
		if (System.getProperty("user.name").equals("root")) {
			// who may lock memory is not bound by the limit
			command.addAll(List.of("setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock"));
		}
		command.addAll(List.of("sh", "-c", "ulimit -l 16 && exec \"$@\"", "sh"));
		command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto",
				"-cp", System.getProperty("java.class.path"), Allocation.class.getName(), Integer.toString(bytes)));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		assertThat(process.exitValue()).as(output).isZero();
		return output.strip().lines().reduce("", (all, last) -> last);
	}

	static final class Allocation {

		private Allocation() {
		}

		public static void main(String[] args) {
			IoMemory memory = IoMemory.allocate(Integer.parseInt(args[0]));
			memory.buffer().put(1, (byte) 7);
			System.out.println("locked=" + memory.locked() + " value=" + memory.buffer().get(1));
			memory.release(false);
		}

	}

}
