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

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CurrentThread} and {@link KernelThread}, each on a thread of its own
 * that ends with it.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class CurrentThreadTests {

	@Test
	void tellsWhetherTheKernelMarkedTheThreadAsIoFlusher() throws Exception {
		onNewThread(() -> {
			assertThat(isIoFlusher()).isFalse();
			boolean marked = CurrentThread.markIoFlusher();
			assertThat(isIoFlusher()).isEqualTo(marked);
			return 0;
		});
	}

	private static boolean isIoFlusher() {
		return KernelThread.find(CurrentThread.id()).orElseThrow().ioFlusher();
	}

	private static int onNewThread(Callable<Integer> work) throws InterruptedException, ExecutionException {
		FutureTask<Integer> task = new FutureTask<>(work);
		new Thread(task, "current-thread-test").start();
		return task.get();
	}

}
