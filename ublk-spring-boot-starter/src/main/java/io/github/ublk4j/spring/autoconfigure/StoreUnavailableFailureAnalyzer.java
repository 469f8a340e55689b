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

import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Explains a {@link StoreUnavailableException} of the application's own code, such as a
 * bean method that opens a store. That of a declared disk is the cause of a
 * {@link DiskStartupException}, which says more.
 */
final class StoreUnavailableFailureAnalyzer extends AbstractFailureAnalyzer<StoreUnavailableException> {

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, StoreUnavailableException cause) {
		if (findCause(rootFailure, DiskStartupException.class) != null) {
			return null;
		}
		return new FailureAnalysis("The store of a disk cannot be opened: " + cause.problem(), cause.remedy(), cause);
	}

}
