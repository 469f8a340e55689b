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

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.spring.OnDiscard;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.OnWriteZeroes;

import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * An operation that a method can be annotated with.
 */
enum AnnotatedOperation {

	/** {@link OnRead}. */
	READ(BlockOperation.READ, OnRead.class, ReadRequest.class, """
			    Mono<ByteBuffer> read(long offset, int length)
			    Mono<Void> read(long offset, ByteBuffer buffer)
			    Mono<Void> read(ReadRequest request)
			DataBuffer can stand for ByteBuffer, and byte[] for the result. \
			A method may block if it returns no Mono, but void or the bytes."""),

	/** {@link OnWrite}. */
	WRITE(BlockOperation.WRITE, OnWrite.class, WriteRequest.class, """
			    Mono<Void> write(long offset, ByteBuffer data)
			    Mono<Void> write(WriteRequest request)
			DataBuffer can stand for ByteBuffer. A method may block if it returns void."""),

	/** {@link OnFlush}. */
	FLUSH(BlockOperation.FLUSH, OnFlush.class, FlushRequest.class, """
			    Mono<Void> flush()
			    Mono<Void> flush(FlushRequest request)
			A method may block if it returns void."""),

	/** {@link OnDiscard}. */
	DISCARD(BlockOperation.DISCARD, OnDiscard.class, DiscardRequest.class, """
			    Mono<Void> discard(long offset, long length)
			    Mono<Void> discard(DiscardRequest request)
			A method may block if it returns void."""),

	/** {@link OnWriteZeroes}. */
	WRITE_ZEROES(BlockOperation.WRITE_ZEROES, OnWriteZeroes.class, WriteZeroesRequest.class, """
			    Mono<Void> writeZeroes(long offset, long length)
			    Mono<Void> writeZeroes(WriteZeroesRequest request)
			A method may block if it returns void.""");

	private static final AnnotatedOperation[] VALUES = values();

	private final BlockOperation operation;

	private final Class<? extends Annotation> annotation;

	private final Class<? extends BlockRequest> request;

	private final String signatures;

	AnnotatedOperation(BlockOperation operation, Class<? extends Annotation> annotation,
			Class<? extends BlockRequest> request, String signatures) {
		this.operation = operation;
		this.annotation = annotation;
		this.request = request;
		this.signatures = signatures;
	}

	/**
	 * Returns the operations that a method is annotated with, also by a method that it
	 * overrides, or by an annotation of its annotations.
	 */
	static List<AnnotatedOperation> of(Method method) {
		return Arrays.stream(VALUES)
			.filter((operation) -> AnnotatedElementUtils.hasAnnotation(method, operation.annotation))
			.toList();
	}

	BlockOperation operation() {
		return this.operation;
	}

	Class<? extends BlockRequest> request() {
		return this.request;
	}

	/**
	 * Returns what a method has to look like, in lines for people.
	 */
	String signatures() {
		return "A method for " + this + " looks like one of\n" + this.signatures;
	}

	/**
	 * Returns whether the request has data.
	 */
	boolean hasData() {
		return this == READ || this == WRITE;
	}

	/**
	 * Returns whether the request has a range.
	 */
	boolean hasRange() {
		return this != FLUSH;
	}

	/**
	 * Returns the annotation as it is written.
	 */
	@Override
	public String toString() {
		return "@" + this.annotation.getSimpleName();
	}

}
