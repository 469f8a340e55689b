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

package io.github.ublk4j.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.store.DelegatingFileChannel;

/**
 * A file whose writes fail as long as they are told to. It has no position.
 */
final class FailingChannel extends DelegatingFileChannel {

	private final AtomicInteger failures = new AtomicInteger();

	private volatile boolean failing;

	FailingChannel(Path file) throws IOException {
		super(FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
	}

	void fail(boolean failing) {
		this.failing = failing;
	}

	int failures() {
		return this.failures.get();
	}

	@Override
	public int write(ByteBuffer source, long position) throws IOException {
		if (this.failing) {
			this.failures.incrementAndGet();
			throw new IOException("No space left on device");
		}
		return super.write(source, position);
	}

}
