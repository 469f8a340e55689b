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

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;

import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;

/**
 * What a method can be given of a request.
 */
enum OperationArgument {

	/** The request, as that of its operation. */
	REQUEST("request", BlockRequest.class),

	/** The request, as that of any operation. */
	ANY_REQUEST("request", BlockRequest.class),

	/** Where it begins, in bytes. */
	OFFSET("offset", long.class),

	/** How long it is, in bytes. */
	LENGTH("length", long.class),

	/** How long it is, for requests that a buffer can hold. */
	INT_LENGTH("intLength", int.class),

	/** The buffer of a read. */
	READ_BUFFER("readBuffer", ByteBuffer.class),

	/** The buffer of a read. */
	READ_DATA_BUFFER("readDataBuffer", DataBuffer.class),

	/** The data of a write. */
	WRITE_BUFFER("writeBuffer", ByteBuffer.class),

	/** The data of a write. */
	WRITE_DATA_BUFFER("writeDataBuffer", DataBuffer.class);

	private final MethodHandle source;

	OperationArgument(String method, Class<?> type) {
		try {
			this.source = MethodHandles.lookup()
				.findStatic(OperationArgument.class, method, MethodType.methodType(type, BlockRequest.class));
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/**
	 * Returns what takes the argument out of a request.
	 * @param type the type that the method declares
	 */
	MethodHandle source(Class<?> type) {
		return this.source.asType(MethodType.methodType(type, BlockRequest.class));
	}

	/**
	 * Returns whether the method can get at the buffer of the request by it.
	 */
	boolean givesBuffer() {
		return isRequest() || isBuffer();
	}

	boolean isRequest() {
		return this == REQUEST || this == ANY_REQUEST;
	}

	boolean isBuffer() {
		return switch (this) {
			case READ_BUFFER, READ_DATA_BUFFER, WRITE_BUFFER, WRITE_DATA_BUFFER -> true;
			case REQUEST, ANY_REQUEST, OFFSET, LENGTH, INT_LENGTH -> false;
		};
	}

	static BlockRequest request(BlockRequest request) {
		return request;
	}

	static long offset(BlockRequest request) {
		return request.offset();
	}

	static long length(BlockRequest request) {
		return request.length();
	}

	static int intLength(BlockRequest request) {
		return Math.toIntExact(request.length());
	}

	static ByteBuffer readBuffer(BlockRequest request) {
		return ((ReadRequest) request).buffer();
	}

	static DataBuffer readDataBuffer(BlockRequest request) {
		return new ReadDataBuffer(readBuffer(request));
	}

	static ByteBuffer writeBuffer(BlockRequest request) {
		return ((WriteRequest) request).buffer().asReadOnlyBuffer();
	}

	static DataBuffer writeDataBuffer(BlockRequest request) {
		return DefaultDataBufferFactory.sharedInstance.wrap(writeBuffer(request));
	}

}
