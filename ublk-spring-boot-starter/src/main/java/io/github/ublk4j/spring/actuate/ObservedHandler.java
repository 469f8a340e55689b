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

import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A disk whose requests are observed.
 */
final class ObservedHandler implements BlockDeviceHandler {

	private static final BlockRequestObservationConvention DEFAULT_CONVENTION = new DefaultBlockRequestObservationConvention();

	private final String disk;

	private final BlockDeviceHandler handler;

	private final ObservationRegistry registry;

	private final @Nullable BlockRequestObservationConvention convention;

	ObservedHandler(String disk, BlockDeviceHandler handler, ObservationRegistry registry,
			@Nullable BlockRequestObservationConvention convention) {
		this.disk = disk;
		this.handler = handler;
		this.registry = registry;
		this.convention = convention;
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		return observe(request, () -> this.handler.read(request));
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		return observe(request, () -> this.handler.write(request));
	}

	@Override
	public Mono<Void> flush(FlushRequest request) {
		return observe(request, () -> this.handler.flush(request));
	}

	@Override
	public Mono<Void> discard(DiscardRequest request) {
		return observe(request, () -> this.handler.discard(request));
	}

	@Override
	public Mono<Void> writeZeroes(WriteZeroesRequest request) {
		return observe(request, () -> this.handler.writeZeroes(request));
	}

	/**
	 * The observation ends before the request does: whoever waits for the answer finds it
	 * complete.
	 */
	private Mono<Void> observe(BlockRequest request, Supplier<Mono<Void>> call) {
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

	@Override
	public Set<BlockOperation> operations() {
		return this.handler.operations();
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.handler.fillsReadBuffers();
	}

	@Override
	public boolean transfersOnly() {
		return this.handler.transfersOnly();
	}

}
