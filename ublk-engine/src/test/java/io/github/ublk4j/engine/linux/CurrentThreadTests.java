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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CurrentThread}, each on a thread of its own that ends with it.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class CurrentThreadTests {

	private static final Path SELF = Path.of("/proc/thread-self");

	// PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE of linux/sched.h
	private static final long IO_FLUSHER = 0x80000 | 0x100000;

	@Test
	void tellsWhetherTheKernelMarkedTheThreadAsIoFlusher() throws Exception {
		onNewThread(() -> {
			assertThat(taskFlags() & IO_FLUSHER).isZero();
			boolean marked = CurrentThread.markIoFlusher();
			assertThat(taskFlags() & IO_FLUSHER).isEqualTo(marked ? IO_FLUSHER : 0);
			return 0;
		});
	}

	private static long taskFlags() throws IOException {
		String stat = Files.readString(SELF.resolve("stat"));
		// the name of the thread, in parentheses, may hold anything; flags are seven on
		return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[6]);
	}

	private static int onNewThread(Callable<Integer> work) throws InterruptedException, ExecutionException {
		FutureTask<Integer> task = new FutureTask<>(work);
		new Thread(task, "current-thread-test").start();
		return task.get();
	}

}
