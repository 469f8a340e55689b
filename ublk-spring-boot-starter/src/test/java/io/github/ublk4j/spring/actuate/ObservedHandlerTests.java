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

package io.github.ublk4j.spring.actuate;

import java.util.EnumSet;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.spring.TestDisks;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

class ObservedHandlerTests {

	private final TestObservationRegistry registry = TestObservationRegistry.create();

	private final ReadRequest request = mock(ReadRequest.class);

	ObservedHandlerTests() {
		given(this.request.operation()).willReturn(BlockOperation.READ);
	}

	@Test
	void answersForTheDisk() {
		BlockDeviceHandler disk = new BlockDeviceHandler() {

			@Override
			public Mono<Void> read(ReadRequest read) {
				return Mono.empty();
			}

			@Override
			public Mono<Void> flush(FlushRequest flush) {
				return Mono.empty();
			}

			@Override
			public boolean fillsReadBuffers() {
				return true;
			}

			@Override
			public boolean transfersOnly() {
				return true;
			}

		};
		BlockDeviceHandler observed = observed(disk);
		assertThat(observed.operations()).isEqualTo(EnumSet.of(BlockOperation.READ, BlockOperation.FLUSH));
		assertThat(observed.fillsReadBuffers()).isTrue();
		assertThat(observed.transfersOnly()).isTrue();
		assertThat(observed(new TestDisks.Null()).fillsReadBuffers()).isFalse();
		assertThat(observed(new TestDisks.Null()).transfersOnly()).isFalse();
	}

	@Test
	void requestThatIsTakenAwayIsCancelled() {
		StepVerifier.create(observed((read) -> Mono.never()).read(this.request)).thenCancel().verify();
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasSingleObservationThat()
			.hasLowCardinalityKeyValue("outcome", "cancelled")
			.hasLowCardinalityKeyValue("errno", "EIO")
			.hasBeenStopped();
	}

	@Test
	void diskThatThrowsIsObserved() {
		StepVerifier.create(observed((read) -> {
			throw new UnsupportedOperationException("not today");
		}).read(this.request)).verifyErrorMessage("not today");
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasSingleObservationThat()
			.hasLowCardinalityKeyValue("errno", "EOPNOTSUPP")
			.hasBeenStopped();
	}

	@Test
	void conventionOfTheApplicationIsUsed() {
		BlockRequestObservationConvention convention = new DefaultBlockRequestObservationConvention() {

			@Override
			public String getName() {
				return "my.disk";
			}

		};
		new ObservationDecorator(this.registry, convention).decorate("scratch", (read) -> Mono.empty())
			.read(this.request)
			.block();
		TestObservationRegistryAssert.assertThat(this.registry).hasSingleObservationThat().hasNameEqualTo("my.disk");
	}

	@Test
	void registryThatHearsNothingCostsNothing() {
		BlockDeviceHandler disk = new TestDisks.Null();
		assertThat(new ObservationDecorator(ObservationRegistry.NOOP, null).decorate("scratch", disk)).isSameAs(disk);
	}

	private BlockDeviceHandler observed(BlockDeviceHandler disk) {
		return new ObservationDecorator(this.registry, null).decorate("scratch", disk);
	}

}
