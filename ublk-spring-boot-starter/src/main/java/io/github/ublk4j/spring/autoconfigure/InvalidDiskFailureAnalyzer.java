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

import io.github.ublk4j.block.InvalidDiskException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Explains an {@link InvalidDiskException} of the application's own code, such as a bean
 * method that starts a disk. That of a declared disk is the cause of a
 * {@link DiskStartupException}, which says more.
 */
final class InvalidDiskFailureAnalyzer extends AbstractFailureAnalyzer<InvalidDiskException> {

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, InvalidDiskException cause) {
		if (findCause(rootFailure, DiskStartupException.class) != null) {
			return null;
		}
		return new FailureAnalysis("The disk '" + cause.disk() + "' cannot be made: its " + cause.attribute() + " is "
				+ cause.value() + ".", cause.remedy(), cause);
	}

}
