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

package io.github.ublk4j.engine.queue;

import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;

import com.sun.management.ThreadMXBean;
import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Proves that the engine allocates nothing per request, by the allocation counter of the
 * thread that does the work.
 */
class AllocationTests {

	private static final int REQUESTS = 100_000;

	// a class loaded late or a profile of the JIT compiler, but less than one object per
	// hundred requests
	private static final long TOLERANCE = REQUESTS / 100 * 16;

	private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	@Test
	void synchronousCompletionAllocatesNothing() throws Exception {
		EndlessDriver driver = inCopyMode((request) -> Mono.empty());
		assertThat(bytesOfAQueueThatIsWarm(driver)).isLessThan(TOLERANCE);
		driver.stop();
	}

	@Test
	void completionHandedOverByAnotherThreadAllocatesNothing() throws Exception {
		AnsweringThread answering = new AnsweringThread();
		EndlessDriver driver = inCopyMode(answering);
		assertThat(bytesOfAQueueThatIsWarm(driver)).isLessThan(TOLERANCE);
		assertThat(this.threads.getThreadAllocatedBytes(answering.threadId())).isLessThan(TOLERANCE);
		driver.stop();
		answering.stop();
	}

	@Test
	void observationAllocatesNothing() throws Exception {
		AtomicLong nanos = new AtomicLong();
		DataPath path = new DriverDouble(EndlessDriver.DEPTH, EndlessDriver.LENGTH).dataPath();
		EndlessDriver driver = new EndlessDriver((request) -> Mono.empty(), path, (requests) -> {
			for (int i = 0; i < requests.size(); i++) {
				nanos.addAndGet(requests.totalNanos(i));
			}
		});
		assertThat(bytesOfAQueueThatIsWarm(driver)).isLessThan(TOLERANCE);
		assertThat(nanos).hasPositiveValue();
		driver.stop();
	}

	@Test
	void buffersOfUserCopyModeAllocateNothing() throws Exception {
		UserCopyPath path = new UserCopyPath(new UserCopyPathTests.FakeCopier(), EndlessDriver.DEPTH,
				EndlessDriver.LENGTH, true);
		EndlessDriver driver = new EndlessDriver((request) -> {
			request.buffer().put(0, (byte) 1);
			return Mono.empty();
		}, path);
		assertThat(bytesOfAQueueThatIsWarm(driver)).isLessThan(TOLERANCE);
		driver.stop();
	}

	@Test
	void transferAllocatesNothing() throws Exception {
		BackingFile file = TestFile.of(70);
		EndlessDriver driver = inCopyMode((request) -> request.transferFrom(file, request.offset()));
		assertThat(bytesOfAQueueThatIsWarm(driver)).isLessThan(TOLERANCE);
		assertThat(driver.transfers()).isGreaterThan(2 * REQUESTS);
		driver.stop();
	}

	@Test
	void transferInZeroCopyModeAllocatesNothing() throws Exception {
		BackingFile file = TestFile.of(70);
		ZeroCopyPath path = new ZeroCopyPath(new UserCopyPathTests.FakeCopier(), EndlessDriver.DEPTH,
				EndlessDriver.LENGTH, true, true);
		EndlessDriver driver = new EndlessDriver((request) -> request.transferFrom(file, request.offset()), path);
		assertThat(bytesOfAQueueThatIsWarm(driver)).isLessThan(TOLERANCE);
		assertThat(driver.transfers()).isGreaterThan(2 * REQUESTS);
		assertThat(path.bytes()).isZero();
		driver.stop();
	}

	private static EndlessDriver inCopyMode(BlockDeviceHandler handler) {
		return new EndlessDriver(handler, new DriverDouble(EndlessDriver.DEPTH, EndlessDriver.LENGTH).dataPath());
	}

	private long bytesOfAQueueThatIsWarm(EndlessDriver driver) throws InterruptedException {
		driver.serve(REQUESTS + 1000);
		long before = this.threads.getThreadAllocatedBytes(driver.threadId());
		driver.serve(REQUESTS);
		long bytes = this.threads.getThreadAllocatedBytes(driver.threadId()) - before;
		assertThat(driver.requests()).isGreaterThan(2 * REQUESTS);
		return bytes;
	}

}
