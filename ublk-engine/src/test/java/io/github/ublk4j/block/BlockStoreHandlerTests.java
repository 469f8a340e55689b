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

package io.github.ublk4j.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BlockStoreHandler}.
 */
class BlockStoreHandlerTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final RecordingStore store = new RecordingStore();

	@Test
	void requestsGoToTheStoreWithTheirRangeAndBuffer() {
		BlockStoreHandler handler = new BlockStoreHandler(this.store);
		FakeRequest read = FakeRequest.of(BlockOperation.READ, 512, 1024);
		FakeRequest write = FakeRequest.of(BlockOperation.WRITE, 1024, 2048);
		FakeRequest zeroes = FakeRequest.of(BlockOperation.WRITE_ZEROES, 4096, 512);

		succeed(handler.read(read));
		assertThat(this.store.buffer).isSameAs(read.buffer());
		succeed(handler.write(write));
		assertThat(this.store.buffer).isSameAs(write.buffer());
		succeed(handler.flush(FakeRequest.of(BlockOperation.FLUSH, 0, 0)));
		succeed(handler.discard(FakeRequest.of(BlockOperation.DISCARD, 2048, 4096)));
		succeed(handler.writeZeroes(zeroes));
		succeed(handler.writeZeroes(zeroes.thatMayUnmap()));

		assertThat(this.store.calls).containsExactly("read 512", "write 1024", "flush", "discard 2048+4096",
				"writeZeroes 4096+512", "writeZeroes 4096+512 unmap");
	}

	@Test
	void forcedWriteIsFlushedAfterItHasCompleted() {
		Sinks.Empty<Void> written = Sinks.empty();
		this.store.written = written.asMono();
		BlockStoreHandler handler = new BlockStoreHandler(this.store);

		StepVerifier.create(handler.write(FakeRequest.of(BlockOperation.WRITE, 0, 512).withForcedUnitAccess()))
			.then(() -> assertThat(this.store.calls).containsExactly("write 0"))
			.then(written::tryEmitEmpty)
			.expectComplete()
			.verify(TIMEOUT);

		assertThat(this.store.calls).containsExactly("write 0", "flush");
	}

	@Test
	void forcedWriteCompletesAfterTheFlush() {
		Sinks.Empty<Void> flushed = Sinks.empty();
		this.store.flushed = flushed.asMono();

		StepVerifier
			.create(new BlockStoreHandler(this.store)
				.write(FakeRequest.of(BlockOperation.WRITE, 0, 512).withForcedUnitAccess()))
			.expectSubscription()
			.expectNoEvent(Duration.ofMillis(50))
			.then(flushed::tryEmitEmpty)
			.expectComplete()
			.verify(TIMEOUT);
	}

	@Test
	void forcedWriteThatFailsIsNotFlushed() {
		this.store.written = Mono.error(new IOException("broken"));

		StepVerifier
			.create(new BlockStoreHandler(this.store)
				.write(FakeRequest.of(BlockOperation.WRITE, 0, 512).withForcedUnitAccess()))
			.expectErrorMessage("broken")
			.verify(TIMEOUT);

		assertThat(this.store.calls).containsExactly("write 0");
	}

	@Test
	void forcedWriteFailsIfItsFlushFails() {
		this.store.flushed = Mono.error(new IOException("broken"));

		StepVerifier
			.create(new BlockStoreHandler(this.store)
				.write(FakeRequest.of(BlockOperation.WRITE, 0, 512).withForcedUnitAccess()))
			.expectErrorMessage("broken")
			.verify(TIMEOUT);
	}

	@Test
	void forcedWriteToAStoreWithoutFlushIsAWrite() {
		this.store.operations = EnumSet.of(BlockOperation.READ, BlockOperation.WRITE);

		succeed(new BlockStoreHandler(this.store)
			.write(FakeRequest.of(BlockOperation.WRITE, 0, 512).withForcedUnitAccess()));

		assertThat(this.store.calls).containsExactly("write 0");
	}

	@Test
	void writeThatIsNotForcedIsTheStoresOwnResult() {
		Mono<Void> written = Mono.empty();
		this.store.written = written;

		assertThat(new BlockStoreHandler(this.store).write(FakeRequest.of(BlockOperation.WRITE, 0, 512)))
			.isSameAs(written);
	}

	@Test
	void operationsAreThoseOfTheStoreAndReadBuffersAreClearedUnlessItFillsThem() {
		BlockStoreHandler handler = new BlockStoreHandler(this.store);
		this.store.operations = EnumSet.of(BlockOperation.READ);

		assertThat(handler.operations()).containsExactly(BlockOperation.READ);
		assertThat(handler.fillsReadBuffers()).isFalse();
		try (MemoryBlockStore memory = MemoryBlockStore.sparse(4096)) {
			assertThat(new BlockStoreHandler(memory).fillsReadBuffers()).isTrue();
		}
	}

	@Test
	void storeIsLeftOpen() {
		assertThat(new BlockStoreHandler(this.store)).isNotInstanceOf(AutoCloseable.class);
	}

	@Test
	void storeOffersReadAndWriteByDefaultAndFailsTheRest() {
		BlockStore minimal = new MinimalStore();

		assertThat(minimal.operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE);
		assertNotSupported(minimal.flush(), "FLUSH");
		assertNotSupported(minimal.discard(0, 512), "DISCARD");
		assertNotSupported(minimal.writeZeroes(0, 512, true), "WRITE_ZEROES");
	}

	private static void assertNotSupported(Mono<Void> result, String operation) {
		StepVerifier.create(result).expectErrorSatisfies((failure) -> {
			assertThat(failure).hasMessage(operation + " is not supported by this store");
			assertThat(BlockIoException.errnoOf(failure)).isEqualTo(BlockErrno.EOPNOTSUPP);
		}).verify(TIMEOUT);
	}

	private static void succeed(Mono<Void> result) {
		StepVerifier.create(result).expectComplete().verify(TIMEOUT);
	}

	private static class MinimalStore implements BlockStore {

		@Override
		public long size() {
			return 1 << 20;
		}

		@Override
		public Mono<Void> read(long offset, ByteBuffer destination) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(long offset, ByteBuffer source) {
			return Mono.empty();
		}

		@Override
		public void close() {
			throw new UnsupportedOperationException("not the handler's to close");
		}

	}

	private static final class RecordingStore extends MinimalStore {

		private final List<String> calls = new ArrayList<>();

		private Set<BlockOperation> operations = EnumSet.allOf(BlockOperation.class);

		private Mono<Void> written = Mono.empty();

		private Mono<Void> flushed = Mono.empty();

		private ByteBuffer buffer = ByteBuffer.allocate(0);

		@Override
		public Mono<Void> read(long offset, ByteBuffer destination) {
			this.calls.add("read " + offset);
			this.buffer = destination;
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(long offset, ByteBuffer source) {
			this.calls.add("write " + offset);
			this.buffer = source;
			return this.written;
		}

		@Override
		public Mono<Void> flush() {
			this.calls.add("flush");
			return this.flushed;
		}

		@Override
		public Mono<Void> discard(long offset, long length) {
			this.calls.add("discard " + offset + "+" + length);
			return Mono.empty();
		}

		@Override
		public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
			this.calls.add("writeZeroes " + offset + "+" + length + (mayUnmap ? " unmap" : ""));
			return Mono.empty();
		}

		@Override
		public Set<BlockOperation> operations() {
			return this.operations;
		}

	}

}
