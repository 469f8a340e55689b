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

package io.github.ublk4j.engine.driver;

/**
 * Encoding of commands like those of ioctl, {@code _IOR} and {@code _IOWR} of
 * {@code asm-generic/ioctl.h} with the type {@code 'u'}.
 */
final class Ioctl {

	static final int READ = 2;

	static final int READ_WRITE = 3;

	private static final int TYPE = 'u';

	private Ioctl() {
	}

	static int encode(int direction, int number, int size) {
		return direction << 30 | size << 16 | TYPE << 8 | number;
	}

}
