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

package io.github.ublk4j.engine;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.engine.linux.OwnUse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of each way in which this process uses a disk that it serves, once for as long as
 * it does. Any thread.
 */
final class OwnUseWarnings {

	private static final Logger logger = LoggerFactory.getLogger(OwnUseWarnings.class);

	private final OwnUse use;

	private Set<String> told = Set.of();

	OwnUseWarnings(OwnUse use) {
		this.use = use;
	}

	/**
	 * Looks without touching the disk, and warns of what is new.
	 * @return all uses, for people
	 */
	synchronized List<String> check(String disk, Path device) {
		List<String> uses = this.use.of(device);
		uses.stream()
			.filter((use) -> !this.told.contains(use))
			.forEach((use) -> logger.warn("disk '{}' is used by the process that serves it: {}", disk, use));
		this.told = new HashSet<>(uses);
		return List.copyOf(uses);
	}

}
