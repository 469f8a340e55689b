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
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.List;
import java.util.function.Predicate;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.ReadRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * A method of a bean that serves one operation of its disk.
 */
final class OperationCall {

	private final String method;

	private final MethodHandle handle;

	private final List<OperationArgument> arguments;

	private final OperationResult result;

	/**
	 * Creates a call.
	 * @param method the name of the method, for errors
	 * @param handle takes a {@link BlockRequest}, returns an {@link Object}
	 * @param arguments what the method takes
	 * @param result what the method returns
	 */
	OperationCall(String method, MethodHandle handle, List<OperationArgument> arguments, OperationResult result) {
		this.method = method;
		this.handle = handle;
		this.arguments = arguments;
		this.result = result;
	}

	/**
	 * Answers a request.
	 * @param request of the operation that the method is for
	 * @param scheduler where the method is called if it may block
	 */
	Mono<Void> answer(BlockRequest request, Scheduler scheduler) {
		return switch (this.result) {
			case VOID -> new BlockingCall<>(this::callVoid, request, scheduler);
			case BYTES ->
				ReadAnswer.of(new BlockingCall<>(this::call, request, scheduler), (ReadRequest) request, this.method);
			case MONO_VOID -> callMono(request);
			case MONO_BYTES -> ReadAnswer.of(callMono(request), (ReadRequest) request, this.method);
		};
	}

	@SuppressWarnings("unchecked") // what is in it was looked at when the plan was made
	private <T> Mono<T> callMono(BlockRequest request) {
		try {
			Mono<T> answer = (Mono<T>) call(request);
			return (answer != null) ? answer : Mono
				.error(new BlockIoException(BlockErrno.EIO, this.method + " returned null instead of a Mono"));
		}
		// whatever a disk throws is an answer
		catch (Throwable ex) {
			return Mono.error(ex);
		}
	}

	private @Nullable Void callVoid(BlockRequest request) throws Throwable {
		call(request);
		return null;
	}

	private @Nullable Object call(BlockRequest request) throws Throwable {
		try {
			return (Object) this.handle.invokeExact(request);
		}
		catch (UndeclaredThrowableException ex) {
			throw thrownBehindProxy(ex);
		}
	}

	private static Throwable thrownBehindProxy(UndeclaredThrowableException undeclared) {
		Throwable thrown = undeclared.getCause();
		if (thrown instanceof InvocationTargetException && thrown.getCause() != null) {
			thrown = thrown.getCause();
		}
		return (thrown != null) ? thrown : undeclared;
	}

	/**
	 * Returns whether the method must not be called on the thread of a queue.
	 */
	boolean blocks() {
		return this.result.blocks();
	}

	/**
	 * Returns whether every read that succeeds has filled its whole buffer.
	 */
	boolean fillsBuffer() {
		return this.result.hasBytes() && !takes(OperationArgument::givesBuffer);
	}

	/**
	 * Returns whether the method takes an argument of a kind.
	 */
	boolean takes(Predicate<OperationArgument> kind) {
		return this.arguments.stream().anyMatch(kind);
	}

}
