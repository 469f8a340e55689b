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

package io.github.ublk4j.spring.autoconfigure;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import static org.assertj.core.api.Assertions.assertThat;

class ReadAnswerTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final byte[] BYTES = { 1, 2, 3, 4 };

	private final TestRequest.Read request = new TestRequest.Read(512, 4);

	@BeforeEach
	void oldData() {
		this.request.buffer().put(0, new byte[] { 9, 9, 9, 9 });
	}

	static List<Object> bytes() {
		return List.of(ByteBuffer.wrap(BYTES), ByteBuffer.allocateDirect(4).put(0, BYTES).asReadOnlyBuffer(),
				ByteBuffer.wrap(new byte[] { 0, 1, 2, 3, 4, 5 }, 1, 4), BYTES, new CountedDataBuffer(BYTES));
	}

	@ParameterizedTest
	@MethodSource("bytes")
	void bytesThatAreThereFillTheRequest(Object bytes) {
		StepVerifier.create(answer(Mono.just(bytes))).expectComplete().verify(LIMIT);
		assertThat(this.request.bytes()).isEqualTo(BYTES);
	}

	@ParameterizedTest
	@MethodSource("bytes")
	void bytesThatComeLaterFillTheRequest(Object bytes) {
		StepVerifier.create(answer(Mono.just(bytes).delayElement(Duration.ofMillis(1)))).expectComplete().verify(LIMIT);
		assertThat(this.request.bytes()).isEqualTo(BYTES);
	}

	@Test
	void bufferOfTheDiskIsLeftAsItWas() {
		ByteBuffer cached = ByteBuffer.wrap(BYTES);
		StepVerifier.create(answer(Mono.just(cached))).expectComplete().verify(LIMIT);
		assertThat(cached.remaining()).isEqualTo(4);
	}

	@Test
	void bufferOfTheRequestItselfIsAccepted() {
		StepVerifier.create(answer(Mono.fromCallable(() -> this.request.buffer().put(0, BYTES))))
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.request.bytes()).isEqualTo(BYTES);
	}

	static Stream<Object> bytesOfWrongLength() {
		return Stream.of(0, 3, 5)
			.flatMap((length) -> Stream.of(new byte[length], ByteBuffer.allocate(length),
					new CountedDataBuffer(new byte[length])));
	}

	@ParameterizedTest
	@MethodSource("bytesOfWrongLength")
	void fewerOrMoreBytesThanAskedForAreRefused(Object bytes) {
		for (Mono<Object> answer : List.of(Mono.just(bytes), Mono.just(bytes).hide())) {
			StepVerifier.create(answer(answer)).expectErrorSatisfies((ex) -> {
				assertThat(ex).hasMessageMatching("disk.load returned [035] bytes for a read of 4 bytes at 512");
				assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.EIO);
			}).verify(LIMIT);
		}
		assertThat(this.request.bytes()).containsOnly(9);
	}

	@Test
	void emptyMonoIsRefused() {
		for (Mono<Object> answer : List.of(Mono.empty(), Mono.empty().hide())) {
			StepVerifier.create(answer(answer)).expectErrorSatisfies((ex) -> {
				assertThat(ex).hasMessage("disk.load returned nothing for a read of 4 bytes at 512");
				assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.EIO);
			}).verify(LIMIT);
		}
	}

	@Test
	void errorOfTheMonoIsTheErrorOfTheRead() {
		BlockIoException failure = new BlockIoException(BlockErrno.ENODATA, "unreadable");
		for (Mono<Object> answer : List.of(Mono.error(failure), Mono.error(failure).hide())) {
			StepVerifier.create(answer(answer))
				.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(failure))
				.verify(LIMIT);
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void dataBufferIsReleased(boolean present) {
		CountedDataBuffer buffer = new CountedDataBuffer(BYTES);
		StepVerifier.create(answer(present ? Mono.just(buffer) : Mono.just(buffer).hide()))
			.expectComplete()
			.verify(LIMIT);
		assertThat(buffer.references()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void dataBufferOfWrongLengthIsReleased(boolean present) {
		CountedDataBuffer buffer = new CountedDataBuffer(new byte[3]);
		StepVerifier.create(answer(present ? Mono.just(buffer) : Mono.just(buffer).hide()))
			.expectError(BlockIoException.class)
			.verify(LIMIT);
		assertThat(buffer.references()).isZero();
	}

	@Test
	void dataBufferThatComesAfterTheCancelIsReleasedAndNotCopied() {
		TestPublisher<Object> bytes = TestPublisher.createNoncompliant(TestPublisher.Violation.DEFER_CANCELLATION);
		CountedDataBuffer buffer = new CountedDataBuffer(BYTES);
		Disposable read = answer(bytes.mono()).subscribe();
		read.dispose();
		bytes.next(buffer);
		assertThat(buffer.references()).isZero();
		assertThat(this.request.bytes()).containsOnly(9);
	}

	@Test
	void dataBufferThatAnOperatorDropsAfterTheCancelIsReleased() {
		CountedDataBuffer buffer = new CountedDataBuffer(BYTES);
		Disposable read = answer(Mono.just(buffer).delayElement(Duration.ofHours(1))).subscribe();
		read.dispose();
		assertThat(buffer.references()).isZero();
	}

	@Test
	void secondDataBufferIsReleased() {
		TestPublisher<Object> bytes = TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
		CountedDataBuffer second = new CountedDataBuffer(BYTES);
		StepVerifier.create(answer(bytes.mono()))
			.then(() -> bytes.next(new CountedDataBuffer(BYTES)).next(second))
			.expectComplete()
			.verify(LIMIT);
		assertThat(second.references()).isZero();
	}

	@Test
	void cancelReachesTheMono() {
		TestPublisher<Object> bytes = TestPublisher.create();
		answer(bytes.mono()).subscribe().dispose();
		bytes.assertCancelled();
	}

	private Mono<Void> answer(Mono<?> bytes) {
		return ReadAnswer.of(bytes, this.request, "disk.load");
	}

}
