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

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link BlockDeviceHandler}.
 */
class BlockDeviceHandlerTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	@Test
	void lambdaOnlyReads() {
		BlockDeviceHandler handler = (request) -> Mono.empty();

		assertThat(handler.operations()).containsExactly(BlockOperation.READ);
		assertThat(handler.fillsReadBuffers()).isFalse();
	}

	@Test
	void overriddenMethodsAreSupported() {
		assertThat(new Writable().operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE);
		assertThat(new Complete().operations()).containsExactlyInAnyOrder(BlockOperation.values());
	}

	@Test
	void methodsOverriddenByASuperclassAreSupported() {
		assertThat(new Flushable().operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE,
				BlockOperation.FLUSH);
		assertThat(new Writable() {
		}.operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE);
	}

	@Test
	void methodsOverriddenByAnInterfaceAreSupported() {
		assertThat(new ByInterface().operations()).containsExactlyInAnyOrder(BlockOperation.READ,
				BlockOperation.DISCARD);
	}

	@Test
	void methodWithAnotherParameterIsNotAnOverride() {
		assertThat(new Overloaded().operations()).containsExactly(BlockOperation.READ);
	}

	@Test
	void decoratorAnswersForItsDelegate() {
		BlockDeviceHandler onlyReads = (request) -> Mono.empty();

		assertThat(new Decorator(new Flushable()).operations()).isEqualTo(new Flushable().operations());
		assertThat(new Decorator(onlyReads).operations()).containsExactly(BlockOperation.READ);
	}

	@Test
	void operationsCannotBeChanged() {
		Set<BlockOperation> operations = new Writable().operations();

		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> operations.add(BlockOperation.FLUSH));
	}

	@Test
	void whatIsNotOverriddenFailsAsNotSupported() {
		BlockDeviceHandler handler = (request) -> Mono.empty();

		assertNotSupported(handler.write(FakeRequest.of(BlockOperation.WRITE, 0, 512)), "WRITE");
		assertNotSupported(handler.flush(FakeRequest.of(BlockOperation.FLUSH, 0, 0)), "FLUSH");
		assertNotSupported(handler.discard(FakeRequest.of(BlockOperation.DISCARD, 0, 512)), "DISCARD");
		assertNotSupported(handler.writeZeroes(FakeRequest.of(BlockOperation.WRITE_ZEROES, 0, 512)), "WRITE_ZEROES");
	}

	private static void assertNotSupported(Mono<Void> result, String operation) {
		StepVerifier.create(result).expectErrorSatisfies((failure) -> {
			assertThat(failure).hasMessage(operation + " is not supported by this disk");
			assertThat(BlockIoException.errnoOf(failure)).isEqualTo(BlockErrno.EOPNOTSUPP);
		}).verify(TIMEOUT);
	}

	@Test
	void classThatIsNoHandlerIsRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> OverriddenOperations.of(String.class))
			.withMessage("class java.lang.String is not a BlockDeviceHandler");
	}

	private static class Writable implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return Mono.empty();
		}

	}

	private static final class Flushable extends Writable {

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return Mono.empty();
		}

	}

	private static final class Complete extends Writable {

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> discard(DiscardRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> writeZeroes(WriteZeroesRequest request) {
			return Mono.empty();
		}

	}

	private interface Discarding extends BlockDeviceHandler {

		@Override
		default Mono<Void> discard(DiscardRequest request) {
			return Mono.empty();
		}

	}

	private static final class ByInterface implements Discarding, BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

	}

	private static final class Overloaded implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

		@SuppressWarnings({ "unused", "EffectivelyPrivate" })
		public Mono<Void> flush(ReadRequest request) {
			return Mono.empty();
		}

	}

	private static final class Decorator extends BlockStoreLikeHandler {

		private final BlockDeviceHandler delegate;

		Decorator(BlockDeviceHandler delegate) {
			this.delegate = delegate;
		}

		@Override
		public Set<BlockOperation> operations() {
			return EnumSet.copyOf(this.delegate.operations());
		}

	}

	private static class BlockStoreLikeHandler extends Writable {

		@Override
		public Mono<Void> discard(DiscardRequest request) {
			return Mono.empty();
		}

	}

}
