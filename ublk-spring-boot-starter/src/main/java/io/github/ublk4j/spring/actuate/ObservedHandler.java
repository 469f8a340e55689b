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

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.engine.InterceptingHandler;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A disk whose requests are observed.
 */
final class ObservedHandler extends InterceptingHandler {

	private static final BlockRequestObservationConvention DEFAULT_CONVENTION = new DefaultBlockRequestObservationConvention();

	private final String disk;

	private final ObservationRegistry registry;

	private final @Nullable BlockRequestObservationConvention convention;

	ObservedHandler(String disk, BlockDeviceHandler handler, ObservationRegistry registry,
			@Nullable BlockRequestObservationConvention convention) {
		super(handler);
		this.disk = disk;
		this.registry = registry;
		this.convention = convention;
	}

	/**
	 * The observation ends before the request does: whoever waits for the answer finds it
	 * complete.
	 */
	@Override
	protected Mono<Void> intercept(BlockRequest request, Supplier<Mono<Void>> call) {
		return Mono.defer(() -> {
			BlockRequestObservationContext context = new BlockRequestObservationContext(this.disk, request);
			Observation observation = UblkObservations.HANDLER
				.observation(this.convention, DEFAULT_CONVENTION, () -> context, this.registry)
				.start();
			AtomicBoolean ended = new AtomicBoolean();
			return Mono.defer(() -> call(observation, call)).doOnError((ex) -> {
				if (ended.compareAndSet(false, true)) {
					observation.error(ex);
					observation.stop();
				}
			}).doOnSuccess((nothing) -> {
				if (ended.compareAndSet(false, true)) {
					observation.stop();
				}
			}).doOnCancel(() -> {
				if (ended.compareAndSet(false, true)) {
					context.cancel();
					observation.stop();
				}
			}).contextWrite((written) -> written.put(ObservationThreadLocalAccessor.KEY, observation));
		});
	}

	private static Mono<Void> call(Observation observation, Supplier<Mono<Void>> call) {
		Observation.Scope scope = observation.openScope();
		try {
			return call.get();
		}
		finally {
			scope.close();
		}
	}

}
