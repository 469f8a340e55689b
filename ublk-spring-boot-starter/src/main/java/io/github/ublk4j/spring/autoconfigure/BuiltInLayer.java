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

import java.util.function.Function;

import io.github.ublk4j.spring.autoconfigure.LayerProperties.Window;
import org.jspecify.annotations.Nullable;

/**
 * A layer of ublk4j.
 *
 * @param written the name as a property has it
 * @param options returns its options, {@code null} if none is set
 * @param opening puts it over a store
 */
record BuiltInLayer(String written, Function<LayerProperties, @Nullable Object> options, LayerStack.Opening opening) {

	boolean hasOptions(LayerProperties properties) {
		return this.options.apply(properties) != null;
	}

	/**
	 * Returns how much of the store below cannot be seen through this layer.
	 */
	long hidden(LayerProperties properties) {
		Window window = properties.window();
		return (this.written.equals("window") && window != null) ? window.offset().toBytes() : 0;
	}

}
