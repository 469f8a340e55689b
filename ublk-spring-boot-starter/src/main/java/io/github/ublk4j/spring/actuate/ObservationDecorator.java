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

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.engine.HandlerDecorator;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

/**
 * Makes an {@link UblkObservations#HANDLER observation} of each request. It is the
 * current one while the disk is called, and in the Reactor context of its {@code Mono},
 * so that what the disk does for the request (a call by {@code WebClient}) is part of it.
 */
public final class ObservationDecorator implements HandlerDecorator {

	private final ObservationRegistry registry;

	private final @Nullable BlockRequestObservationConvention convention;

	/**
	 * Creates a decorator.
	 * @param registry who hears of the observations
	 * @param convention their names and keys, {@code null} for the default
	 */
	public ObservationDecorator(ObservationRegistry registry, @Nullable BlockRequestObservationConvention convention) {
		this.registry = registry;
		this.convention = convention;
	}

	@Override
	public BlockDeviceHandler decorate(String disk, BlockDeviceHandler handler) {
		return this.registry.isNoop() ? handler : new ObservedHandler(disk, handler, this.registry, this.convention);
	}

}
