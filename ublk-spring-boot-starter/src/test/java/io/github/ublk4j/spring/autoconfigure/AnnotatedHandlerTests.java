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
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.sun.management.ThreadMXBean;
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
import io.github.ublk4j.spring.OnDiscard;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.OnWriteZeroes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.core.io.buffer.DataBuffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertSame;

/**
 * Annotated methods as the engine sees them.
 */
@SuppressWarnings({ "UnusedMethod", "UnusedVariable", "EffectivelyPrivate" }) // methods
																				// are
																				// found
																				// by
																				// their
																				// annotations
class AnnotatedHandlerTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final List<String> journal = new ArrayList<>();

	private final TestRequest.Read read = new TestRequest.Read(512, 3);

	static BlockDeviceHandler handler(Object bean) {
		Map<AnnotatedOperation, OperationCall> calls = new AnnotatedBean("disk", bean).plan();
		return new AnnotatedHandler(calls, Schedulers.boundedElastic());
	}

	private static void done(Mono<Void> answer) {
		StepVerifier.create(answer).expectComplete().verify(LIMIT);
	}

	private static TestRequest.Write write(boolean forceUnitAccess) {
		return new TestRequest.Write(1024, "data".getBytes(StandardCharsets.US_ASCII), forceUnitAccess);
	}

	private static byte[] numbers(long offset, int length) {
		byte[] bytes = new byte[length];
		for (int index = 0; index < length; index++) {
			bytes[index] = (byte) (offset / 512 + index);
		}
		return bytes;
	}

	static List<Object> readers() {
		return List.of(new Object() {

			@OnRead
			Mono<ByteBuffer> load(long offset, int length) {
				return Mono.just(ByteBuffer.wrap(numbers(offset, length)));
			}

		}, new Object() {

			@OnRead
			Mono<DataBuffer> load(int length, long offset) {
				DataBuffer buffer = new CountedDataBuffer(numbers(offset, length));
				return Mono.just(buffer).hide();
			}

		}, new Object() {

			@OnRead
			Mono<byte[]> load(ReadRequest request) {
				return Mono.fromSupplier(() -> numbers(request.offset(), (int) request.length()));
			}

		}, new Object() {

			@OnRead
			ByteBuffer load(long offset, long length) {
				return ByteBuffer.wrap(numbers(offset, (int) length));
			}

		}, new Object() {

			@OnRead
			DataBuffer load(long offset, int length) {
				return new CountedDataBuffer(numbers(offset, length));
			}

		}, new Object() {

			@OnRead
			byte[] load(BlockRequest request) {
				return numbers(request.offset(), (int) request.length());
			}

		}, new Object() {

			@OnRead
			Mono<Void> load(long offset, ByteBuffer buffer) {
				buffer.put(numbers(offset, buffer.remaining()));
				return Mono.empty();
			}

		}, new Object() {

			@OnRead
			void load(DataBuffer buffer, long offset, int length) {
				buffer.write(numbers(offset, length));
			}

		}, new Object() {

			@OnRead
			public void load(ReadRequest request) {
				request.buffer().put(numbers(request.offset(), (int) request.length()));
			}

		});
	}

	@ParameterizedTest
	@MethodSource("readers")
	void everyShapeOfMethodReads(Object bean) {
		done(handler(bean).read(this.read));
		assertThat(this.read.bytes()).containsExactly(1, 2, 3);
	}

	@Test
	void readThatTakesTheBufferGetsThatOfTheRequest() {
		List<ByteBuffer> taken = new ArrayList<>();
		done(handler(new Object() {

			@OnRead
			Mono<Void> load(ByteBuffer buffer) {
				taken.add(buffer);
				return Mono.empty();
			}

		}).read(this.read));
		assertThat(taken.get(0)).isSameAs(this.read.buffer());
	}

	@Test
	void monoOfVoidIsPassedOnAsItIs() {
		Mono<Void> answer = Mono.never();
		assertThat(handler(new Object() {

			@OnRead
			Mono<Void> load(ReadRequest request) {
				return answer;
			}

		}).read(this.read)).isSameAs(answer);
	}

	@Test
	void readsOnTheThreadOfTheQueueAllocateNothing() {
		Mono<ByteBuffer> bytes = Mono.just(ByteBuffer.allocate(3));
		BlockDeviceHandler[] handlers = { handler(new Object() {

			@OnRead
			Mono<Void> load(long offset, int length, ByteBuffer buffer) {
				return Mono.empty();
			}

		}), handler(new Object() {

			@OnRead
			Mono<ByteBuffer> load(long offset, int length) {
				return bytes;
			}

		}) };
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long thread = Thread.currentThread().getId();
		read(handlers, 2000);
		long before = threads.getThreadAllocatedBytes(thread);
		read(handlers, 20_000);
		long allocated = threads.getThreadAllocatedBytes(thread) - before;
		// one object per request would be 16 bytes x 40 000
		assertThat(allocated).isLessThan(64_000);
	}

	private void read(BlockDeviceHandler[] handlers, int count) {
		for (int index = 0; index < count; index++) {
			for (BlockDeviceHandler handler : handlers) {
				assertSame(Mono.empty(), handler.read(this.read));
			}
		}
	}

	@Test
	void everyShapeOfMethodWrites() {
		List<Object> writers = List.of(new WriteOnly() {

			@OnWrite
			Mono<Void> save(long offset, ByteBuffer data) {
				AnnotatedHandlerTests.this.journal.add(offset + StandardCharsets.US_ASCII.decode(data).toString());
				return Mono.empty();
			}

		}, new WriteOnly() {

			@OnWrite
			void save(DataBuffer data, long offset, int length) {
				AnnotatedHandlerTests.this.journal.add(offset + data.toString(0, length, StandardCharsets.US_ASCII));
			}

		}, new WriteOnly() {

			@OnWrite
			void save(WriteRequest request) {
				AnnotatedHandlerTests.this.journal
					.add(request.offset() + StandardCharsets.US_ASCII.decode(request.buffer()).toString());
			}

		});
		writers.forEach((bean) -> done(handler(bean).write(write(false))));
		assertThat(this.journal).hasSize(3).containsOnly("1024data");
	}

	@Test
	void dataOfWriteIsReadOnly() {
		BlockDeviceHandler handler = handler(new WriteOnly() {

			@OnWrite
			void save(ByteBuffer data, DataBuffer same) {
				AnnotatedHandlerTests.this.journal
					.add(data.isReadOnly() + " " + same.readableByteBuffers().next().isReadOnly());
			}

		});
		done(handler.write(write(false)));
		assertThat(this.journal).containsExactly("true true");
	}

	@Test
	void theOtherOperationsGetTheirRangeOrTheirRequest() {
		List<String> journal = this.journal;
		BlockDeviceHandler byRange = handler(new WriteOnly() {

			@OnFlush
			Mono<Void> sync() {
				return Mono.fromRunnable(() -> journal.add("flush"));
			}

			@OnDiscard
			@OnWriteZeroes
			void clear(long offset, long length) {
				journal.add(offset + "+" + length);
			}

		});
		BlockDeviceHandler byRequest = handler(new WriteOnly() {

			@OnFlush
			void sync(FlushRequest request) {
				journal.add(request.operation().name());
			}

			@OnDiscard
			Mono<Void> drop(DiscardRequest request) {
				return Mono.fromRunnable(() -> journal.add("drop " + request.length()));
			}

			@OnWriteZeroes
			void zero(WriteZeroesRequest request) {
				journal.add("zero " + request.length() + " " + request.mayUnmap());
			}

		});
		for (BlockDeviceHandler handler : List.of(byRange, byRequest)) {
			done(handler.flush(new TestRequest.Flush()));
			done(handler.discard(new TestRequest.Discard(512, 1L << 40)));
			done(handler.writeZeroes(new TestRequest.WriteZeroes(1024, 4096)));
		}
		assertThat(journal).containsExactly("flush", "512+1099511627776", "1024+4096", "FLUSH", "drop 1099511627776",
				"zero 4096 true");
	}

	@Test
	void operationsAreThoseThatAreAnnotated() {
		assertThat(handler(new WriteOnly()).operations()).containsExactly(BlockOperation.READ);
		BlockDeviceHandler handler = handler(new WriteOnly() {

			@OnWrite
			void save(ByteBuffer data) {
			}

			@OnDiscard
			void drop() {
			}

		});
		assertThat(handler.operations()).containsExactly(BlockOperation.READ, BlockOperation.WRITE,
				BlockOperation.DISCARD);
		StepVerifier.create(handler.flush(new TestRequest.Flush())).expectErrorSatisfies((ex) -> {
			assertThat(ex).hasMessage("The disk has no method with @OnFlush");
			assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.EOPNOTSUPP);
		}).verify(LIMIT);
	}

	@Test
	void onlyReadsThatReturnBytesWithoutSightOfTheBufferPromiseToFillIt() {
		assertThat(readers().stream().map((bean) -> handler(bean).fillsReadBuffers())).containsExactly(true, true,
				false, true, true, false, false, false, false);
	}

	@Test
	void writeThatMustBeDurableIsFlushed() {
		List<String> journal = this.journal;
		BlockDeviceHandler handler = handler(new WriteOnly() {

			@OnWrite
			Mono<Void> save(ByteBuffer data) {
				return Mono.fromRunnable(() -> journal.add("write"));
			}

			@OnFlush
			void sync() {
				journal.add("flush");
			}

		});
		done(handler.write(write(false)));
		assertThat(journal).containsExactly("write");
		done(handler.write(write(true)));
		assertThat(journal).containsExactly("write", "write", "flush");
	}

	@Test
	void writeThatFailedIsNotFlushed() {
		List<String> journal = this.journal;
		BlockDeviceHandler handler = handler(new WriteOnly() {

			@OnWrite
			void save(ByteBuffer data) throws IOException {
				throw new BlockIoException(BlockErrno.ENOSPC, "full");
			}

			@OnFlush
			void sync() {
				journal.add("flush");
			}

		});
		StepVerifier.create(handler.write(write(true))).expectErrorMessage("full").verify(LIMIT);
		assertThat(journal).isEmpty();
	}

	@Test
	void writeThatTakesItsRequestMakesItselfDurable() {
		List<String> journal = this.journal;
		BlockDeviceHandler handler = handler(new WriteOnly() {

			@OnWrite
			void save(WriteRequest request) {
				journal.add("write " + request.forceUnitAccess());
			}

			@OnFlush
			void sync(FlushRequest request) {
				journal.add("flush");
			}

		});
		done(handler.write(write(true)));
		assertThat(journal).containsExactly("write true");
	}

	static List<Object> failing() {
		return List.of(new Object() {

			@OnRead
			Mono<ByteBuffer> load(long offset) throws BlockIoException {
				throw new BlockIoException(BlockErrno.ENODATA, "unreadable");
			}

		}, new Object() {

			@OnRead
			Mono<Void> load(ByteBuffer buffer) {
				return Mono.error(new BlockIoException(BlockErrno.ENODATA, "unreadable"));
			}

		}, new Object() {

			@OnRead
			byte[] load(long offset) throws BlockIoException {
				throw new BlockIoException(BlockErrno.ENODATA, "unreadable");
			}

		}, new Object() {

			@OnRead
			void load(ByteBuffer buffer) throws BlockIoException {
				throw new BlockIoException(BlockErrno.ENODATA, "unreadable");
			}

		});
	}

	@ParameterizedTest
	@MethodSource("failing")
	void exceptionOfMethodIsTheErrorOfTheRequest(Object bean) {
		StepVerifier.create(handler(bean).read(this.read)).expectErrorSatisfies((ex) -> {
			assertThat(ex).hasMessage("unreadable");
			assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.ENODATA);
		}).verify(LIMIT);
	}

	static List<Throwable> thrownByProxy() {
		BlockIoException failure = new BlockIoException(BlockErrno.ENODATA, "unreadable");
		return List.of(failure, new InvocationTargetException(failure));
	}

	@ParameterizedTest
	@MethodSource("thrownByProxy")
	void exceptionThatProxyOfTheBeanHasWrappedIsUnwrapped(Throwable thrown) {
		Object bean = Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Loads.class },
				(proxy, method, arguments) -> {
					throw thrown;
				});
		StepVerifier.create(handler(bean).read(this.read)).expectErrorMessage("unreadable").verify(LIMIT);
	}

	@Test
	void errorThatIsNoExceptionFailsTheRequestToo() {
		StepVerifier.create(handler(new Object() {

			@OnRead
			void load(ByteBuffer buffer) {
				throw new OutOfMemoryError("chunks");
			}

		}).read(this.read)).expectErrorMessage("chunks").verify(LIMIT);
	}

	static List<Object> returningNull() {
		return List.of(new Object() {

			@OnRead
			@Nullable Mono<ByteBuffer> load(long offset) {
				return null;
			}

		}, new Object() {

			@OnRead
			byte @Nullable [] load(long offset) {
				return null;
			}

		}, new Object() {

			@OnRead
			@Nullable Mono<Void> load(ByteBuffer buffer) {
				return null;
			}

		});
	}

	@ParameterizedTest
	@MethodSource("returningNull")
	void nullFailsTheRequest(Object bean) {
		StepVerifier.create(handler(bean).read(this.read)).expectErrorSatisfies((ex) -> {
			assertThat(ex).message()
				.startsWith(bean.getClass().getName() + ".load returned ")
				.containsAnyOf("null instead of a Mono", "nothing for a read of 3 bytes at 512");
			assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.EIO);
		}).verify(LIMIT);
	}

	interface Loads {

		@OnRead
		Mono<Void> load(ByteBuffer buffer);

	}

	/**
	 * A disk that reads zeros.
	 */
	private static class WriteOnly {

		@OnRead
		Mono<Void> load(ByteBuffer buffer) {
			return Mono.empty();
		}

	}

}
