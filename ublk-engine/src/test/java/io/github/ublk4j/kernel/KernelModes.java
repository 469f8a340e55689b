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

package io.github.ublk4j.kernel;

import java.util.stream.Stream;

import io.github.ublk4j.block.DataMode;

/**
 * The data modes that the running kernel must have.
 */
public final class KernelModes {

	private KernelModes() {
	}

	public static Stream<DataMode> supported() {
		return hasZeroCopy() ? Stream.of(DataMode.COPY, DataMode.USER_COPY, DataMode.ZERO_COPY)
				: Stream.of(DataMode.COPY, DataMode.USER_COPY);
	}

	public static boolean hasZeroCopy() {
		String[] release = System.getProperty("os.version").split("\\.", 3);
		int major = Integer.parseInt(release[0]);
		return major > 6 || (major == 6 && Integer.parseInt(release[1]) >= 15);
	}

}
