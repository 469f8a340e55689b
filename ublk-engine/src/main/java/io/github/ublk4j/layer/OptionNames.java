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

package io.github.ublk4j.layer;

import io.github.ublk4j.block.BlockOperation;

/**
 * How options that stand for an operation are called.
 */
final class OptionNames {

	private OptionNames() {
	}

	/**
	 * Returns an operation in camel case.
	 */
	static String of(BlockOperation operation) {
		return switch (operation) {
			case READ -> "read";
			case WRITE -> "write";
			case FLUSH -> "flush";
			case DISCARD -> "discard";
			case WRITE_ZEROES -> "writeZeroes";
		};
	}

}
