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

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Finds the operations whose handler method a class overrides.
 */
final class OverriddenOperations {

	private OverriddenOperations() {
	}

	static Set<BlockOperation> of(Class<?> handler) {
		EnumSet<BlockOperation> operations = EnumSet.of(BlockOperation.READ);
		addIfOverridden(operations, BlockOperation.WRITE, handler, "write", WriteRequest.class);
		addIfOverridden(operations, BlockOperation.FLUSH, handler, "flush", FlushRequest.class);
		addIfOverridden(operations, BlockOperation.DISCARD, handler, "discard", DiscardRequest.class);
		addIfOverridden(operations, BlockOperation.WRITE_ZEROES, handler, "writeZeroes", WriteZeroesRequest.class);
		return Collections.unmodifiableSet(operations);
	}

	private static void addIfOverridden(Set<BlockOperation> operations, BlockOperation operation, Class<?> handler,
			String method, Class<?> request) {
		try {
			if (handler.getMethod(method, request).getDeclaringClass() != BlockDeviceHandler.class) {
				operations.add(operation);
			}
		}
		catch (NoSuchMethodException ex) {
			throw new IllegalArgumentException(handler + " is not a BlockDeviceHandler", ex);
		}
	}

}
