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

import java.util.List;

import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/**
 * A request that a store has taken apart, such as a read of which each part lies
 * elsewhere. The parts share the buffer of the request.
 */
public final class RequestParts {

	private RequestParts() {
	}

	/**
	 * Does the parts together.
	 * @param parts what to do, at least one
	 * @return ends when all have ended, also if some fail: until then they may use the
	 * buffer; fails with the error of one of them
	 */
	public static Mono<Void> all(List<Mono<Void>> parts) {
		return (parts.size() == 1) ? parts.get(0)
				: Mono.whenDelayError(parts).onErrorMap((failure) -> Exceptions.unwrapMultiple(failure).get(0));
	}

}
