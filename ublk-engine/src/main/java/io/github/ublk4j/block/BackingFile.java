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

/**
 * An open file that requests can be transferred to and from by the kernel, without a copy
 * in this process. {@code io.github.ublk4j.store.BackingFiles} opens it. Any thread.
 * <p>
 * The system reports data that it has lost to one flush only. After a flush or a
 * {@linkplain WriteRequest#forceUnitAccess() durable write} has failed, therefore, all
 * later ones on the same object fail too.
 */
public final class BackingFile implements AutoCloseable {

	private final Object inside;

	private final Runnable close;

	private BackingFile(Object inside, Runnable close) {
		this.inside = inside;
		this.close = close;
	}

	/**
	 * Wraps a file that the engine understands; {@code BackingFiles} does.
	 * @param inside the file
	 * @param close closes it; idempotent
	 * @return the wrapper
	 */
	public static BackingFile of(Object inside, Runnable close) {
		return new BackingFile(inside, close);
	}

	/**
	 * Returns what is wrapped, for the engine.
	 * @param <T> the type that it must have
	 * @param type that type
	 * @return the file inside
	 * @throws IllegalArgumentException if it is something else
	 */
	public <T> T unwrap(Class<T> type) {
		if (!type.isInstance(this.inside)) {
			throw new IllegalArgumentException(this + " cannot be used for transfers; open it by BackingFiles");
		}
		return type.cast(this.inside);
	}

	/**
	 * Closes the file. Transfers that are under way go on, and the descriptor is closed
	 * when the last of them has ended; those that begin later fail with EIO. Idempotent.
	 */
	@Override
	public void close() {
		this.close.run();
	}

	@Override
	public String toString() {
		return this.inside.toString();
	}

}
