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

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * A disk whose operations are methods of a bean.
 */
final class AnnotatedHandler implements BlockDeviceHandler {

	private final Map<AnnotatedOperation, OperationCall> calls;

	private final Scheduler scheduler;

	private final boolean fillsReadBuffers;

	private final boolean flushesAfterWrite;

	/**
	 * Creates a handler.
	 * @param calls the methods; writes, if their method does not take the request, are
	 * made durable by that of flushes
	 * @param scheduler where methods that may block are called
	 */
	AnnotatedHandler(Map<AnnotatedOperation, OperationCall> calls, Scheduler scheduler) {
		this.calls = new EnumMap<>(calls);
		this.scheduler = scheduler;
		OperationCall read = calls.get(AnnotatedOperation.READ);
		this.fillsReadBuffers = read != null && read.fillsBuffer();
		OperationCall write = calls.get(AnnotatedOperation.WRITE);
		this.flushesAfterWrite = write != null && !write.takes(OperationArgument.REQUEST::equals)
				&& calls.containsKey(AnnotatedOperation.FLUSH);
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		return answer(AnnotatedOperation.READ, request);
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		Mono<Void> written = answer(AnnotatedOperation.WRITE, request);
		return (this.flushesAfterWrite && request.forceUnitAccess())
				? written.then(Mono.defer(() -> answer(AnnotatedOperation.FLUSH, request))) : written;
	}

	@Override
	public Mono<Void> flush(FlushRequest request) {
		return answer(AnnotatedOperation.FLUSH, request);
	}

	@Override
	public Mono<Void> discard(DiscardRequest request) {
		return answer(AnnotatedOperation.DISCARD, request);
	}

	@Override
	public Mono<Void> writeZeroes(WriteZeroesRequest request) {
		return answer(AnnotatedOperation.WRITE_ZEROES, request);
	}

	private Mono<Void> answer(AnnotatedOperation operation, BlockRequest request) {
		OperationCall call = this.calls.get(operation);
		return (call != null) ? call.answer(request, this.scheduler)
				: Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP, "The disk has no method with " + operation));
	}

	@Override
	public Set<BlockOperation> operations() {
		Set<BlockOperation> operations = EnumSet.noneOf(BlockOperation.class);
		this.calls.keySet().forEach((operation) -> operations.add(operation.operation()));
		return operations;
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.fillsReadBuffers;
	}

}
