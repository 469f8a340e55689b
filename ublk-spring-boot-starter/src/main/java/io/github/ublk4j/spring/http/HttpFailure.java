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

import java.io.Serial;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import org.jspecify.annotations.Nullable;

/**
 * A request to a web server was not answered as it has to be. The message is a part of a
 * sentence.
 */
final class HttpFailure extends BlockIoException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final Kind kind;

	private HttpFailure(Kind kind, BlockErrno errno, String message, @Nullable Throwable cause) {
		super(errno, message, cause);
		this.kind = kind;
	}

	/** The next attempt may succeed. */
	static HttpFailure passing(BlockErrno errno, String message, @Nullable Throwable cause) {
		return new HttpFailure(Kind.PASSING, errno, message, cause);
	}

	/** The same will happen again. */
	static HttpFailure lasting(String message) {
		return new HttpFailure(Kind.LASTING, BlockErrno.EIO, message, null);
	}

	/** The image is not the one that was opened. */
	static HttpFailure changed(String message) {
		return new HttpFailure(Kind.CHANGED, BlockErrno.EIO, message, null);
	}

	boolean mayPass() {
		return this.kind == Kind.PASSING;
	}

	boolean isChange() {
		return this.kind == Kind.CHANGED;
	}

	private enum Kind {

		PASSING, LASTING, CHANGED

	}

}
