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

import java.util.function.Supplier;

/**
 * A disk that is declared and enabled.
 *
 * @param name its name
 * @param disk makes it, looking at its bean or store
 * @param check refuses what is declared wrongly, as far as that can be told without a
 * store
 */
record DiskDeclaration(String name, Supplier<Disk> disk, Runnable check) {

	Disk resolve() {
		return this.disk.get();
	}

	/**
	 * Refuses what is declared wrongly on a host that cannot serve the disk.
	 */
	void requireValid() {
		this.check.run();
	}

}
