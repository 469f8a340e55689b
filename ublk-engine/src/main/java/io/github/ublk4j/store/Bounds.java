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

package io.github.ublk4j.store;

import org.jspecify.annotations.Nullable;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Checks that a range lies inside a store.
 */
final class Bounds {

	private Bounds() {
	}

	static @Nullable BlockIoException violation(long size, long offset, long length) {
		// No sum of offset and length: it may overflow.
		if (offset >= 0 && length >= 0 && offset <= size && length <= size - offset) {
			return null;
		}
		return new BlockIoException(BlockErrno.EINVAL,
				length + " bytes at offset " + offset + " are not inside the store, which has " + size + " bytes");
	}

}
