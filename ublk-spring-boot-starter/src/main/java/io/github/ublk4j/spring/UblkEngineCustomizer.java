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

package io.github.ublk4j.spring;

import io.github.ublk4j.engine.UblkEngine;

/**
 * Configures the engine, after the properties {@code ublk.*}. Every bean of this type is
 * called, in the order of {@code @Order}, when the engine is made: when there is a disk
 * to serve. An engine that is a bean of the application is not customized.
 */
@FunctionalInterface
public interface UblkEngineCustomizer {

	/**
	 * Configures the engine. An exception keeps the application from starting.
	 * @param engine the builder of the engine
	 */
	void customize(UblkEngine.Builder engine);

}
