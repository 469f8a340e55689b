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

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.core.ResolvableType;
import org.springframework.core.io.buffer.DataBuffer;

/**
 * What a method can return.
 */
enum OperationResult {

	/** Nothing, when it is done. */
	VOID,

	/** The bytes of a read. */
	BYTES,

	/** A {@code Mono<Void>}. */
	MONO_VOID,

	/** A {@code Mono} of the bytes of a read. */
	MONO_BYTES;

	/**
	 * Finds the kind of a return type.
	 * @param type the type
	 * @param read whether the method serves reads
	 * @return the kind, {@code null} if there is none
	 */
	static @Nullable OperationResult of(ResolvableType type, boolean read) {
		Class<?> returned = type.toClass();
		if (returned == void.class) {
			return VOID;
		}
		if (Mono.class.isAssignableFrom(returned)) {
			Class<?> value = type.as(Mono.class).getGeneric(0).resolve();
			if (value == Void.class) {
				return MONO_VOID;
			}
			return (read && value != null && isBytes(value)) ? MONO_BYTES : null;
		}
		return (read && isBytes(returned)) ? BYTES : null;
	}

	private static boolean isBytes(Class<?> type) {
		return ByteBuffer.class.isAssignableFrom(type) || DataBuffer.class.isAssignableFrom(type)
				|| type == byte[].class;
	}

	/**
	 * Returns whether the method may block.
	 */
	boolean blocks() {
		return this == VOID || this == BYTES;
	}

	/**
	 * Returns whether the method returns the bytes of a read.
	 */
	boolean hasBytes() {
		return this == BYTES || this == MONO_BYTES;
	}

}
