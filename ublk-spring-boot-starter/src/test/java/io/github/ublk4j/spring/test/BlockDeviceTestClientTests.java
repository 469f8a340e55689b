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

package io.github.ublk4j.spring.test;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.store.MemoryBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

@Timeout(60)
class BlockDeviceTestClientTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final DiskSpec SPEC = DiskSpec.named("disk").size(64 << 10).queueDepth(4).build();

	@Test
	void usesADiskInEveryWay() {
		try (MemoryBlockStore store = MemoryBlockStore.sparse(64 << 10);
				BlockDeviceTestClient client = BlockDeviceTestClient.of(SPEC, store)) {
			byte[] data = new byte[] { 1, 2, 3 };
			byte[] block = new byte[512];
			System.arraycopy(data, 0, block, 0, data.length);
			StepVerifier.create(client.write(512, block).then(client.writeFua(1024, block)).then(client.flush()))
				.expectComplete()
				.verify(PATIENCE);
			StepVerifier.create(client.discard(512, 512).then(client.read(0, 1536)))
				.assertNext((read) -> assertThat(read).startsWith(new byte[1024]).endsWith(block))
				.expectComplete()
				.verify(PATIENCE);
			client.writeZeroes(1024, 512, true).block(PATIENCE);
			assertThat(client.read(1024, 512).block(PATIENCE)).containsOnly(0);
			assertThat(client.operations()).contains(BlockOperation.DISCARD).doesNotContain(BlockOperation.FLUSH);
			assertThat(client.spec()).isSameAs(SPEC);
			assertThat(client.device().status().state()).isEqualTo(DeviceState.LIVE);
		}
	}

	@Test
	void writeTakesTheDataAsItIsWhenSubscribed() {
		try (MemoryBlockStore store = MemoryBlockStore.sparse(64 << 10);
				BlockDeviceTestClient client = BlockDeviceTestClient.of(SPEC, store)) {
			byte[] data = new byte[512];
			Mono<Void> write = client.write(0, data);
			data[0] = 1;
			CompletableFuture<Void> first = write.toFuture();
			data[0] = 2;
			first.join();
			assertThat(client.read(0, 512).block(PATIENCE)).startsWith(1);
			write.block(PATIENCE);
			assertThat(client.read(0, 512).block(PATIENCE)).startsWith(2);
		}
	}

	@Test
	void streamCanBeTested() {
		try (BlockDeviceTestClient client = BlockDeviceTestClient.ofStream(SPEC,
				(requests) -> requests.doOnNext(BlockRequest::complete).then())) {
			assertThat(client.read(0, 4096).block(PATIENCE)).containsOnly(0);
		}
	}

	@Test
	void pipelineThatEndsFailsItsDisk() {
		try (BlockDeviceTestClient client = BlockDeviceTestClient.ofStream(SPEC,
				(requests) -> requests.take(1).doOnNext(BlockRequest::complete).then())) {
			client.read(0, 4096).block(PATIENCE);
			Awaitility.await().until(() -> client.device().status().state() == DeviceState.FAILED);
			assertEio(client.read(0, 4096));
		}
	}

	@Test
	void stopCancelsWhatTheDiskDoesNotAnswer() {
		Hanging disk = new Hanging();
		try (BlockDeviceTestClient client = BlockDeviceTestClient.of(SPEC, disk)) {
			CompletableFuture<byte[]> read = client.read(0, 512).toFuture();
			disk.awaitRequest();
			client.stop().block(PATIENCE);
			assertEio(Mono.fromFuture(read));
			assertThat(disk.cancelled).isDone();
			assertEio(client.read(0, 512));
			assertThatIllegalStateException().isThrownBy(client::device).withMessage("Disk 'disk' has been stopped");
		}
	}

	@Test
	void killedQueueFailsItsRequestsAndTheDevice() {
		Hanging disk = new Hanging();
		try (BlockDeviceTestClient client = BlockDeviceTestClient.of(SPEC, disk)) {
			CompletableFuture<byte[]> read = client.read(0, 512).toFuture();
			disk.awaitRequest();
			client.killQueue(0);
			assertEio(Mono.fromFuture(read));
			assertThat(disk.cancelled).succeedsWithin(PATIENCE);
			Awaitility.await().until(() -> client.device().status().state() == DeviceState.FAILED);
			assertThat(client.device().status().failure()).contains("killed by a test");
		}
	}

	@Test
	void queueThatIsGivenUpFailsItsRequestsAndTheDevice() {
		try (BlockDeviceTestClient client = BlockDeviceTestClient.of(
				DiskSpec.named("slow").size(4096).queueDepth(1).readOnly(true).build(),
				(read) -> Mono.delay(Duration.ofMillis(300)).then())) {
			CompletableFuture<byte[]> read = client.read(0, 512).toFuture();
			client.abortQueue(0);
			assertEio(Mono.fromFuture(read));
			Awaitility.await().until(() -> client.device().status().state() == DeviceState.FAILED);
		}
	}

	private static void assertEio(Mono<?> request) {
		StepVerifier.create(request)
			.expectErrorSatisfies((failure) -> assertThat(failure).isInstanceOf(BlockIoException.class)
				.extracting((ex) -> ((BlockIoException) ex).errno())
				.isEqualTo(BlockErrno.EIO))
			.verify(PATIENCE);
	}

	@Test
	void diskThatCannotBeMadeIsReported() {
		MemoryBlockStore store = MemoryBlockStore.sparse(512);
		assertThatExceptionOfType(InvalidDiskException.class)
			.isThrownBy(() -> BlockDeviceTestClient.of(SPEC, store).close())
			.withMessageContaining("The store holds only 512 bytes");
	}

	@Test
	void otherDiskIsNotFound() {
		try (BlockDeviceTestClient client = BlockDeviceTestClient.of(SPEC, new Hanging())) {
			StepVerifier.create(client.disk("other").read(0, 512))
				.expectErrorMessage("No disk 'other' is live on the simulated driver. There are: [disk]")
				.verify(PATIENCE);
		}
	}

	/** A disk that answers nothing. */
	private static final class Hanging implements BlockDeviceHandler {

		private final CountDownLatch arrived = new CountDownLatch(1);

		private final CompletableFuture<Boolean> cancelled = new CompletableFuture<>();

		void awaitRequest() {
			try {
				assertThat(this.arrived.await(10, TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new AssertionError(ex);
			}
		}

		private Mono<Void> hang() {
			this.arrived.countDown();
			return Mono.<Void>never().doOnCancel(() -> this.cancelled.complete(true));
		}

		@Override
		public Mono<Void> read(ReadRequest request) {
			return hang();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return hang();
		}

	}

}
