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

package io.github.ublk4j.spring.http;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;

/**
 * What tells an image from what its server has under the same address later: its strong
 * ETag, or else the time of its last change.
 *
 * @param header the header of answers that has it
 * @param value its value
 */
record ImageVersion(String header, String value) {

	/**
	 * Returns the version that an answer is of, {@code null} if it does not say.
	 */
	static @Nullable ImageVersion of(HttpHeaders answer) {
		String tag = answer.getFirst(HttpHeaders.ETAG);
		if (tag != null && tag.startsWith("\"")) {
			return new ImageVersion(HttpHeaders.ETAG, tag);
		}
		String modified = answer.getFirst(HttpHeaders.LAST_MODIFIED);
		return (modified != null) ? new ImageVersion(HttpHeaders.LAST_MODIFIED, modified) : null;
	}

	/**
	 * Asks for a range of this version and no other.
	 */
	void require(HttpHeaders request) {
		request.set(this.header.equals(HttpHeaders.ETAG) ? HttpHeaders.IF_MATCH : HttpHeaders.IF_RANGE, this.value);
	}

	/**
	 * Returns whether an answer says that it is of this version. Some servers do not know
	 * the conditions of {@link #require}.
	 */
	boolean isOf(HttpHeaders answer) {
		return this.value.equals(answer.getFirst(this.header));
	}

	@Override
	public String toString() {
		return this.header + " " + this.value;
	}

}
