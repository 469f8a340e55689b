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

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.Arrays;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferWrapper;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;

/**
 * The buffer of a read, empty, as a {@link DataBuffer}. One that grew, as Spring's own
 * does, would leave the memory that the reader gets, and what was written to it would be
 * lost without a word.
 */
final class ReadDataBuffer extends DataBufferWrapper {

	ReadDataBuffer(ByteBuffer buffer) {
		super(DefaultDataBufferFactory.sharedInstance.wrap(buffer).writePosition(0));
	}

	@Override
	public DataBuffer ensureWritable(int count) {
		if (count > writableByteCount()) {
			throw new IndexOutOfBoundsException("The buffer of this read has room for " + capacity() + " bytes, and "
					+ writableByteCount() + " of them are free; it cannot take " + count);
		}
		return this;
	}

	@Override
	public DataBuffer write(byte value) {
		ensureWritable(1);
		super.write(value);
		return this;
	}

	@Override
	public DataBuffer write(byte[] source) {
		return write(source, 0, source.length);
	}

	@Override
	public DataBuffer write(byte[] source, int offset, int length) {
		ensureWritable(length);
		super.write(source, offset, length);
		return this;
	}

	@Override
	public DataBuffer write(DataBuffer... sources) {
		ensureWritable(Arrays.stream(sources).mapToInt(DataBuffer::readableByteCount).sum());
		super.write(sources);
		return this;
	}

	@Override
	public DataBuffer write(ByteBuffer... sources) {
		ensureWritable(Arrays.stream(sources).mapToInt(ByteBuffer::remaining).sum());
		super.write(sources);
		return this;
	}

	@Override
	public DataBuffer write(CharSequence characters, Charset charset) {
		return write(charset.encode(characters.toString()));
	}

	@Override
	public OutputStream asOutputStream() {
		return new OutputStream() {

			@Override
			public void write(int value) {
				ReadDataBuffer.this.write((byte) value);
			}

			@Override
			public void write(byte[] source, int offset, int length) {
				ReadDataBuffer.this.write(source, offset, length);
			}

		};
	}

}
