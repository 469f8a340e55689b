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

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ReadDataBufferTests {

	private final ByteBuffer memory = ByteBuffer.allocateDirect(4);

	private final DataBuffer buffer = new ReadDataBuffer(this.memory);

	/**
	 * Ways to write the two bytes "ab".
	 */
	static List<Consumer<DataBuffer>> writes() {
		byte[] bytes = { 'a', 'b' };
		return List.of((buffer) -> buffer.write((byte) 'a').write((byte) 'b'), (buffer) -> buffer.write(bytes),
				(buffer) -> buffer.write(new byte[] { 0, 'a', 'b', 0 }, 1, 2),
				(buffer) -> buffer.write(DefaultDataBufferFactory.sharedInstance.wrap(bytes)),
				(buffer) -> buffer.write(ByteBuffer.wrap(bytes)),
				(buffer) -> buffer.write("ab", StandardCharsets.US_ASCII), ReadDataBufferTests::writeToStream,
				(buffer) -> buffer.ensureWritable(2).write(bytes));
	}

	private static void writeToStream(DataBuffer buffer) {
		try (OutputStream stream = buffer.asOutputStream()) {
			stream.write('a');
			stream.write(new byte[] { 'b' });
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@ParameterizedTest
	@MethodSource("writes")
	void whatIsWrittenIsInTheMemoryOfTheRequest(Consumer<DataBuffer> write) {
		write.accept(this.buffer);
		write.accept(this.buffer);
		byte[] bytes = new byte[4];
		this.memory.get(0, bytes);
		assertThat(bytes).containsExactly('a', 'b', 'a', 'b');
	}

	@ParameterizedTest
	@MethodSource("writes")
	void moreThanWasAskedForIsRefused(Consumer<DataBuffer> write) {
		this.buffer.write(new byte[4]);
		assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> write.accept(this.buffer))
			.withMessageStartingWith(
					"The buffer of this read has room for 4 bytes, and 0 of them are free; it cannot take ");
	}

	@Test
	void isEmptyAtFirst() {
		assertThat(this.buffer.readableByteCount()).isZero();
		assertThat(this.buffer.writableByteCount()).isEqualTo(4);
	}

}
