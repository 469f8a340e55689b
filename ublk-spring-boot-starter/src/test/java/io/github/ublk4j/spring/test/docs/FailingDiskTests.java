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

package io.github.ublk4j.spring.test.docs;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class FailingDiskTests {

	private final DiskSpec spec = DiskSpec.named("archive").size(1 << 20).readOnly(true).build();

	@Test
	void readerSeesTheErrnoOfTheDisk() {
		BlockDeviceHandler offline = (read) -> Mono
			.error(new BlockIoException(BlockErrno.ENOLINK, "bucket is offline"));
		try (BlockDeviceTestClient disk = BlockDeviceTestClient.of(this.spec, offline)) {
			StepVerifier.create(disk.read(0, 4096))
				.expectErrorSatisfies((ex) -> assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.ENOLINK))
				.verify();
		}
	}

	@Test
	void stopCancelsWhatHangs() {
		AtomicBoolean cancelled = new AtomicBoolean();
		BlockDeviceHandler hanging = (read) -> Mono.<Void>never().doOnCancel(() -> cancelled.set(true));
		try (BlockDeviceTestClient disk = BlockDeviceTestClient.of(this.spec, hanging)) {
			CompletableFuture<byte[]> read = disk.read(0, 4096).toFuture();
			Awaitility.await().until(() -> disk.device().status().queues().get(0).inFlight() == 1);
			disk.stop().block();
			assertThat(read).failsWithin(Duration.ofSeconds(5));
			assertThat(cancelled).isTrue();
		}
	}

}
