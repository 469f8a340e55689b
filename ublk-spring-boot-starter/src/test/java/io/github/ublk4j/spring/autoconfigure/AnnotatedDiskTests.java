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

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.OnDiscard;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.TestUblk;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.MockedStatic;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.aop.framework.autoproxy.BeanNameAutoProxyCreator;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.buffer.DataBuffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Answers.CALLS_REAL_METHODS;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.mockStatic;
import static org.mockito.Mockito.never;

/**
 * Applications whose disks are annotated methods.
 */
class AnnotatedDiskTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final TestUblk ublk = new TestUblk();

	private final ApplicationContextRunner contextRunner;

	AnnotatedDiskTests(@TempDir Path directory) {
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	private BlockDeviceHandler server() {
		return (BlockDeviceHandler) this.ublk.server();
	}

	private byte[] read() {
		TestRequest.Read read = new TestRequest.Read(0, 4);
		StepVerifier.create(server().read(read)).expectComplete().verify(LIMIT);
		return read.bytes();
	}

	@Test
	void beanWithAnnotatedMethodsIsDisk() {
		this.contextRunner.withBean("memory", MemoryDisk.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(this.ublk.specs().get(0).name()).isEqualTo("memory");
			assertThat(server().operations()).containsExactly(BlockOperation.READ, BlockOperation.WRITE,
					BlockOperation.FLUSH);
			StepVerifier.create(server().write(new TestRequest.Write(0, new byte[] { 1, 2, 3, 4 }, false)))
				.expectComplete()
				.verify(LIMIT);
			assertThat(read()).containsExactly(1, 2, 3, 4);
		});
	}

	@Test
	void beanOfBeanMethodIsDisk() {
		this.contextRunner.withUserConfiguration(BeanMethod.class)
			.run((context) -> assertThat(this.ublk.specs().get(0).name()).isEqualTo("notes"));
	}

	@Test
	void diskIsBuiltFromClassesInterfacesAndMetaAnnotations() {
		this.contextRunner.withBean(Derived.class)
			.run((context) -> assertThat(server().operations()).containsExactly(BlockOperation.READ,
					BlockOperation.WRITE, BlockOperation.FLUSH, BlockOperation.DISCARD));
		assertThat(read()).containsOnly(7);
	}

	@Test
	void lambdaOfAnnotatedInterfaceIsDisk() {
		this.contextRunner.withUserConfiguration(LambdaBean.class)
			.run((context) -> assertThat(read()).containsExactly(4, 4, 4, 4));
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void methodsAreCalledThroughTheProxyOfTheBean(boolean subclass) {
		List<String> intercepted = Collections.synchronizedList(new ArrayList<>());
		this.contextRunner.withBean("proxied", Proxied.class)
			.withBean("journal", MethodInterceptor.class, () -> (invocation) -> {
				intercepted.add(invocation.getMethod().getName());
				return invocation.proceed();
			})
			.withBean(BeanNameAutoProxyCreator.class, () -> {
				BeanNameAutoProxyCreator creator = new BeanNameAutoProxyCreator();
				creator.setBeanNames("proxied");
				creator.setInterceptorNames("journal");
				creator.setProxyTargetClass(subclass);
				return creator;
			})
			.run((context) -> {
				assertThat(context).hasNotFailed();
				StepVerifier.create(server().read(new TestRequest.Read(0, 4)))
					.expectErrorSatisfies(
							(ex) -> assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.ENODATA))
					.verify(LIMIT);
			});
		assertThat(intercepted).contains("load");
	}

	@Test
	void methodsThatMayBlockAreCalledOnThreadsOfTheDisk() {
		this.contextRunner.withBean(BlockingDisk.class).run((context) -> {
			read();
			StepVerifier.create(server().write(new TestRequest.Write(0, new byte[4], false)))
				.expectComplete()
				.verify(LIMIT);
			StepVerifier.create(server().flush(new TestRequest.Flush())).expectComplete().verify(LIMIT);
			List<Thread> threads = context.getBean(BlockingDisk.class).threads;
			assertThat(threads.subList(0, 2)).allSatisfy((thread) -> {
				assertThat(thread.getName()).startsWith("ublk-blocking-blocking-");
				assertThat(thread.isDaemon()).isTrue();
			});
			assertThat(threads.get(2)).isSameAs(Thread.currentThread());
		});
	}

	@Test
	void methodsThatMayBlockRunOnAsManyThreadsAsTheQueueIsDeep() throws InterruptedException {
		CountDownLatch entered = new CountDownLatch(2);
		CountDownLatch free = new CountDownLatch(1);
		List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
		this.contextRunner.withBean(StuckDisk.class, () -> new StuckDisk(() -> {
			threads.add(Thread.currentThread());
			entered.countDown();
			await(free);
		})).withPropertyValues("ublk.devices.stuck.queue-depth=2").run((context) -> {
			List<Mono<Void>> reads = List.of(server().read(new TestRequest.Read(0, 4)),
					server().read(new TestRequest.Read(4, 4)), server().read(new TestRequest.Read(8, 4)));
			StepVerifier.create(Mono.when(reads)).then(() -> {
				await(entered);
				assertThat(threads).hasSize(2);
				free.countDown();
			}).expectComplete().verify(LIMIT);
			assertThat(threads).hasSize(3);
			assertThat(threads.stream().distinct()).hasSize(2);
		});
	}

	@Test
	void cancelInterruptsMethodThatBlocks() {
		CountDownLatch entered = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		this.contextRunner.withBean(StuckDisk.class, () -> new StuckDisk(() -> {
			entered.countDown();
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				interrupted.countDown();
			}
		})).run((context) -> {
			Disposable read = server().read(new TestRequest.Read(0, 4)).subscribe();
			await(entered);
			read.dispose();
			await(interrupted);
		});
	}

	@Test
	void dataBufferOfMethodThatWasCancelledIsReleased() {
		CountDownLatch entered = new CountDownLatch(1);
		CountDownLatch free = new CountDownLatch(1);
		CountedDataBuffer buffer = new CountedDataBuffer(new byte[] { 1, 2, 3, 4 });
		this.contextRunner.withBean(LateDisk.class, () -> new LateDisk(buffer, entered, free)).run((context) -> {
			TestRequest.Read request = new TestRequest.Read(0, 4);
			Disposable read = server().read(request).subscribe();
			await(entered);
			read.dispose();
			free.countDown();
			for (int wait = 0; wait < 1000 && buffer.references() > 0; wait++) {
				Thread.sleep(10);
			}
			assertThat(buffer.references()).isZero();
			assertThat(request.bytes()).containsOnly(0);
		});
	}

	@Test
	void threadsOfTheDiskEndWithIt() {
		this.contextRunner.withBean(BlockingDisk.class).run((context) -> {
			read();
			context.stop();
			StepVerifier.create(server().read(new TestRequest.Read(0, 4)))
				.expectError(RejectedExecutionException.class)
				.verify(LIMIT);
			Thread thread = context.getBean(BlockingDisk.class).threads.get(0);
			thread.join(10_000);
			assertThat(thread.isAlive()).isFalse();
		});
	}

	@Test
	void diskWhoseMethodsNeverBlockHasNoThreads() {
		DiskSpec spec = DiskSpec.named("disk").size(1 << 20).build();
		try (MockedStatic<Schedulers> schedulers = mockStatic(Schedulers.class, CALLS_REAL_METHODS)) {
			BeanDiskSource.of("derived", new Derived(), BlockingThreads.PLATFORM).open(spec);
			schedulers.verify(
					() -> Schedulers.newBoundedElastic(anyInt(), anyInt(), anyString(), anyInt(), anyBoolean()),
					never());
			BeanDiskSource.of("blocking", new BlockingDisk(), BlockingThreads.PLATFORM).open(spec);
			schedulers
				.verify(() -> Schedulers.newBoundedElastic(anyInt(), anyInt(), anyString(), anyInt(), anyBoolean()));
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "virtual threads are there from Java 21 on")
	void methodsThatMayBlockAreCalledOnVirtualThreadsIfTheApplicationHasThem() {
		this.contextRunner.withBean(BlockingDisk.class)
			.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> {
				read();
				Thread thread = context.getBean(BlockingDisk.class).threads.get(0);
				assertThat(thread.getName()).startsWith("ublk-blocking-blocking-");
				assertThat(thread.toString()).startsWith("VirtualThread[");
				context.stop();
				StepVerifier.create(server().read(new TestRequest.Read(0, 4)))
					.expectError(RejectedExecutionException.class)
					.verify(LIMIT);
			});
	}

	@Test
	@EnabledForJreRange(max = JRE.JAVA_20, disabledReason = "this Java has virtual threads")
	void platformThreadsStandInForVirtualOnesThatTheJvmLacks() {
		this.contextRunner.withBean(BlockingDisk.class)
			.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> {
				read();
				assertThat(context.getBean(BlockingDisk.class).threads.get(0).getName())
					.startsWith("ublk-blocking-blocking-");
			});
	}

	@Test
	void readOnlyDiskNeedsNoWrites() {
		this.contextRunner
			.withBean(LateDisk.class,
					() -> new LateDisk(new CountedDataBuffer(new byte[0]), new CountDownLatch(1),
							new CountDownLatch(0)))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@BlockDevice(name = "memory", size = "4KB")
	static class MemoryDisk {

		private final byte[] memory = new byte[4096];

		@OnRead
		Mono<ByteBuffer> load(long offset, int length) {
			return Mono.just(ByteBuffer.wrap(this.memory, (int) offset, length));
		}

		@OnWrite
		void save(long offset, DataBuffer data) {
			data.read(this.memory, (int) offset, data.readableByteCount());
		}

		@OnFlush
		Mono<Void> sync() {
			return Mono.empty();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BeanMethod {

		@Bean
		@BlockDevice(size = "1MB")
		Plain notes() {
			return new Plain();
		}

	}

	static class Plain extends Base<ByteBuffer> implements Flushes {

		@Override
		Mono<ByteBuffer> load(int length) {
			return Mono.just(ByteBuffer.allocate(length));
		}

	}

	abstract static class Base<T> {

		@OnRead
		abstract Mono<T> load(int length);

		@OnWrite
		protected Mono<Void> save(ByteBuffer data) {
			return Mono.empty();
		}

	}

	interface Flushes {

		@OnFlush
		default Mono<Void> sync() {
			return Mono.empty();
		}

	}

	@Target(ElementType.METHOD)
	@Retention(RetentionPolicy.RUNTIME)
	@OnDiscard
	@interface OnTrim {

	}

	@BlockDevice(name = "derived", size = "1MB")
	static class Derived extends Base<byte[]> implements Flushes {

		@Override
		Mono<byte[]> load(int length) {
			byte[] bytes = new byte[length];
			Arrays.fill(bytes, (byte) 7);
			return Mono.just(bytes);
		}

		@OnTrim
		Mono<Void> trim(long offset, long length) {
			return Mono.empty();
		}

	}

	@FunctionalInterface
	interface Loads {

		@OnRead
		byte[] load(long offset, int length);

	}

	@Configuration(proxyBeanMethods = false)
	static class LambdaBean {

		@Bean
		@BlockDevice(size = "1MB", readOnly = true)
		Loads lambda() {
			return (offset, length) -> {
				byte[] bytes = new byte[length];
				Arrays.fill(bytes, (byte) length);
				return bytes;
			};
		}

	}

	interface ProxiedOperations {

		ByteBuffer load(long offset, int length) throws Exception;

	}

	@BlockDevice(name = "proxied", size = "1MB", readOnly = true)
	static class Proxied implements ProxiedOperations {

		private final BlockIoException failure = new BlockIoException(BlockErrno.ENODATA, "a field of the target");

		@Override
		@OnRead
		public ByteBuffer load(long offset, int length) throws BlockIoException {
			throw this.failure;
		}

	}

	@BlockDevice(name = "blocking", size = "1MB")
	static class BlockingDisk {

		private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());

		@OnRead
		byte[] load(int length) {
			this.threads.add(Thread.currentThread());
			return new byte[length];
		}

		@OnWrite
		void save(ByteBuffer data) {
			this.threads.add(Thread.currentThread());
		}

		@OnFlush
		Mono<Void> sync() {
			this.threads.add(Thread.currentThread());
			return Mono.empty();
		}

	}

	@BlockDevice(name = "stuck", size = "1MB", readOnly = true)
	static class StuckDisk {

		private final Runnable work;

		StuckDisk(Runnable work) {
			this.work = work;
		}

		@OnRead
		void load(ByteBuffer buffer) {
			this.work.run();
		}

	}

	@BlockDevice(name = "late", size = "1MB", readOnly = true)
	record LateDisk(DataBuffer buffer, CountDownLatch entered, CountDownLatch free) {

		@OnRead
		DataBuffer load(long offset) {
			this.entered.countDown();
			while (this.free.getCount() > 0) {
				Thread.onSpinWait();
			}
			return this.buffer;
		}

	}

}
