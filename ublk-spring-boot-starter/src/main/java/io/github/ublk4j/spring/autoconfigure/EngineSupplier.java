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

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkUnavailableException;

import org.springframework.beans.BeansException;
import org.springframework.beans.factory.ObjectProvider;

/**
 * The engine, which is made only when there is a disk to serve.
 */
final class EngineSupplier {

	static final String DISABLED = "ublk.enabled is false. Remove the property, or set it to true, to serve disks.";

	private final ObjectProvider<UblkEngine> engine;

	private final boolean enabled;

	EngineSupplier(ObjectProvider<UblkEngine> engine, boolean enabled) {
		this.engine = engine;
		this.enabled = enabled;
	}

	boolean enabled() {
		return this.enabled;
	}

	/**
	 * Returns the engine.
	 * @throws UblkUnavailableException if this host cannot use ublk
	 * @throws IllegalStateException if the application serves no disks
	 */
	UblkEngine get() {
		if (!this.enabled) {
			throw new IllegalStateException(DISABLED);
		}
		try {
			return this.engine.getObject();
		}
		catch (BeansException ex) {
			for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
				if (cause instanceof UblkUnavailableException unavailable) {
					throw unavailable;
				}
			}
			throw ex;
		}
	}

}
