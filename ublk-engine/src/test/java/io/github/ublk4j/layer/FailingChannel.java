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
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * A file whose writes fail as long as they are told to. It has no position.
 */
final class FailingChannel extends FileChannel {

	private final FileChannel channel;

	private final AtomicInteger failures = new AtomicInteger();

	private volatile boolean failing;

	FailingChannel(Path file) throws IOException {
		this.channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
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
		return this.channel.write(source, position);
	}

	@Override
	public int read(ByteBuffer target, long position) throws IOException {
		return this.channel.read(target, position);
	}

	@Override
	public long size() throws IOException {
		return this.channel.size();
	}

	@Override
	public void force(boolean metaData) throws IOException {
		this.channel.force(metaData);
	}

	@Override
	public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
		return this.channel.tryLock(position, size, shared);
	}

	@Override
	protected void implCloseChannel() throws IOException {
		this.channel.close();
	}

	@Override
	public int read(ByteBuffer target) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long read(ByteBuffer[] targets, int offset, int length) {
		throw new UnsupportedOperationException();
	}

	@Override
	public int write(ByteBuffer source) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long write(ByteBuffer[] sources, int offset, int length) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long position() {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileChannel position(long position) {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileChannel truncate(long size) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long transferTo(long position, long count, WritableByteChannel target) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long transferFrom(ReadableByteChannel source, long position, long count) {
		throw new UnsupportedOperationException();
	}

	@Override
	public MappedByteBuffer map(MapMode mode, long position, long size) {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileLock lock(long position, long size, boolean shared) {
		throw new UnsupportedOperationException();
	}

}
