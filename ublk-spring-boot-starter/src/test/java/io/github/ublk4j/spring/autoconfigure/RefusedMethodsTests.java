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
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.spring.OnDiscard;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.OnWriteZeroes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.ClassWriter;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.core.io.buffer.DataBuffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * What a developer reads when annotated methods cannot serve a disk.
 */
@SuppressWarnings({ "UnusedMethod", "UnusedVariable" }) // methods are found by their
														// annotations
class RefusedMethodsTests {

	static List<Arguments> wrongSignatures() {
		return List.of(arguments(new Object() {

			@OnRead
			Flux<ByteBuffer> load(long offset, int length) {
				return Flux.empty();
			}

		}, "'Flux<ByteBuffer> load(long offset, int length)'", "@OnRead: it returns Flux<ByteBuffer>."),
				arguments(new Object() {

					@OnRead
					CompletableFuture<byte[]> load(long offset, int length) {
						return new CompletableFuture<>();
					}

				}, "'CompletableFuture<byte[]> load(long offset, int length)'",
						"@OnRead: it returns CompletableFuture<byte[]>."),
				arguments(new Object() {

					@OnRead
					Mono<String> load(long offset) {
						return Mono.empty();
					}

				}, "'Mono<String> load(long offset)'", "@OnRead: it returns Mono<String>."), arguments(new Object() {

					@OnRead
					Mono<?> load(long offset) {
						return Mono.empty();
					}

				}, "'Mono<?> load(long offset)'", "@OnRead: it returns Mono<?>."), arguments(new Object() {

					@OnRead
					@SuppressWarnings("rawtypes")
					Mono load(ByteBuffer buffer) {
						return Mono.empty();
					}

				}, "'Mono load(ByteBuffer buffer)'", "@OnRead: it returns Mono."), arguments(new Object() {

					@OnRead
					int load(ByteBuffer buffer) {
						return 0;
					}

				}, "'int load(ByteBuffer buffer)'", "@OnRead: it returns int."), arguments(new Object() {

					@OnRead
					Mono<Void> load(WriteRequest request) {
						return Mono.empty();
					}

				}, "'Mono<Void> load(WriteRequest request)'",
						"@OnRead: it takes 'WriteRequest request', which @OnRead does not give."),
				arguments(new Object() {

					@OnRead
					Mono<Void> load(long offset, List<ByteBuffer> buffers) {
						return Mono.empty();
					}

				}, "'Mono<Void> load(long offset, List<ByteBuffer> buffers)'",
						"@OnRead: it takes 'List<ByteBuffer> buffers', which @OnRead does not give."),
				arguments(new Object() {

					@OnRead
					byte[] load(long position, int length) {
						return new byte[0];
					}

				}, "'byte[] load(long position, int length)'",
						"@OnRead: it takes 'long position', which is neither offset nor length."),
				arguments(new Object() {

					@OnRead
					byte[] load(int offset, int length) {
						return new byte[0];
					}

				}, "'byte[] load(int offset, int length)'",
						"@OnRead: it takes 'int offset', which is too small: it has to be a long."),
				arguments(new Object() {

					@OnRead
					Mono<Void> load(long offset, int length) {
						return Mono.empty();
					}

				}, "'Mono<Void> load(long offset, int length)'",
						"@OnRead: it neither returns the bytes nor takes the buffer to put them into."),
				arguments(new Object() {

					@OnRead
					ByteBuffer load(long offset, ByteBuffer buffer) {
						return buffer;
					}

				}, "'ByteBuffer load(long offset, ByteBuffer buffer)'",
						"@OnRead: it returns the bytes, and takes a buffer to put them into as well."),
				arguments(new Object() {

					@OnRead
					Mono<DataBuffer> load(DataBuffer buffer) {
						return Mono.just(buffer);
					}

				}, "'Mono<DataBuffer> load(DataBuffer buffer)'",
						"@OnRead: it returns the bytes, and takes a buffer to put them into as well."),
				arguments(new Reads() {

					@OnWrite
					Mono<Void> save(long offset, int length) {
						return Mono.empty();
					}

				}, "'Mono<Void> save(long offset, int length)'", "@OnWrite: it does not take the data."),
				arguments(new Reads() {

					@OnWrite
					Mono<ByteBuffer> save(ByteBuffer data) {
						return Mono.just(data);
					}

				}, "'Mono<ByteBuffer> save(ByteBuffer data)'", "@OnWrite: it returns Mono<ByteBuffer>."),
				arguments(new Reads() {

					@OnWrite
					void save(ByteBuffer data, boolean forceUnitAccess) {
					}

				}, "'void save(ByteBuffer data, boolean forceUnitAccess)'",
						"@OnWrite: it takes 'boolean forceUnitAccess', which @OnWrite does not give."),
				arguments(new Reads() {

					@OnFlush
					void sync(long offset, long length) {
					}

				}, "'void sync(long offset, long length)'",
						"@OnFlush: it takes 'long offset', which @OnFlush does not give."),
				arguments(new Reads() {

					@OnDiscard
					void drop(long offset, int length) {
					}

				}, "'void drop(long offset, int length)'",
						"@OnDiscard: it takes 'int length', which is too small: it has to be a long."),
				arguments(new Reads() {

					@OnWriteZeroes
					void zero(long offset, ByteBuffer data) {
					}

				}, "'void zero(long offset, ByteBuffer data)'",
						"@OnWriteZeroes: it takes 'ByteBuffer data', which @OnWriteZeroes does not give."));
	}

	@ParameterizedTest
	@MethodSource("wrongSignatures")
	void wrongSignature(Object bean, String signature, String problem) {
		String annotation = problem.substring(0, problem.indexOf(':'));
		DiskStartupException refused = refused(bean);
		assertThat(refused).hasMessage("The method " + signature + " of the @BlockDevice bean 'scratch' of type "
				+ bean.getClass().getName() + " cannot be its " + problem);
		assertThat(refused.remedy()).startsWith("A method for " + annotation + " looks like one of\n    Mono<");
	}

	@Test
	void acceptedSignatures() {
		assertThat(AnnotatedOperation.READ.signatures()).isEqualTo("""
				A method for @OnRead looks like one of
				    Mono<ByteBuffer> read(long offset, int length)
				    Mono<Void> read(long offset, ByteBuffer buffer)
				    Mono<Void> read(ReadRequest request)
				DataBuffer can stand for ByteBuffer, and byte[] for the result. \
				A method may block if it returns no Mono, but void or the bytes.""");
		assertThat(AnnotatedOperation.WRITE.signatures()).isEqualTo("""
				A method for @OnWrite looks like one of
				    Mono<Void> write(long offset, ByteBuffer data)
				    Mono<Void> write(WriteRequest request)
				DataBuffer can stand for ByteBuffer. A method may block if it returns void.""");
		assertThat(AnnotatedOperation.FLUSH.signatures()).isEqualTo("""
				A method for @OnFlush looks like one of
				    Mono<Void> flush()
				    Mono<Void> flush(FlushRequest request)
				A method may block if it returns void.""");
		assertThat(AnnotatedOperation.DISCARD.signatures()).isEqualTo("""
				A method for @OnDiscard looks like one of
				    Mono<Void> discard(long offset, long length)
				    Mono<Void> discard(DiscardRequest request)
				A method may block if it returns void.""");
		assertThat(AnnotatedOperation.WRITE_ZEROES.signatures()).isEqualTo("""
				A method for @OnWriteZeroes looks like one of
				    Mono<Void> writeZeroes(long offset, long length)
				    Mono<Void> writeZeroes(WriteZeroesRequest request)
				A method may block if it returns void.""");
	}

	@Test
	void privateMethod() {
		assertRefused(new Object() {

			@OnRead
			private byte[] load(ReadRequest request) {
				return new byte[0];
			}

		}, "The method 'private byte[] load(ReadRequest request)' of #bean cannot be its @OnRead: it is private.",
				"Remove 'private'.");
	}

	@Test
	void staticMethod() {
		assertRefused(new StaticMethod(),
				"The method 'static byte[] load(ReadRequest request)' of #bean cannot be its @OnRead: it is static.",
				"Remove 'static'.");
	}

	@Test
	void finalMethodOfBeanWithProxy() {
		assertThat(new AnnotatedBean("scratch", new FinalMethod()).plan()).hasSize(1);
		ProxyFactory factory = new ProxyFactory(new FinalMethod());
		factory.setProxyTargetClass(true);
		assertRefused(factory.getProxy(), FinalMethod.class,
				"The method 'final byte[] load(ReadRequest request)' of #bean cannot be its @OnRead: "
						+ "it is final, so the proxy of the bean cannot pass it on.",
				"Remove 'final'.");
	}

	@Test
	void methodThatTheInterfacesOfTheProxyLack() {
		ProxyFactory factory = new ProxyFactory(new WithInterface());
		assertRefused(factory.getProxy(), WithInterface.class,
				"The method 'byte[] load(ReadRequest request)' of #bean cannot be its @OnRead: "
						+ "the bean has a proxy with its interfaces alone, none of which has the method.",
				"Add the method to one of them, or let the proxy be a subclass: spring.aop.proxy-target-class=true.");
	}

	@Test
	void parameterNamesThatAreNotCompiledIn() throws Exception {
		assertRefused(withoutParameterNames(Nameless.class),
				"The method 'byte[] load(long, int)' of #bean cannot be its @OnRead: "
						+ "its class was compiled without -parameters, so that its offset and its length cannot be told apart.",
				"Compile the class with -parameters, as Spring Boot's plugins for Maven and Gradle do, "
						+ "or take a ReadRequest.");
	}

	private static Object withoutParameterNames(Class<?> type) throws ReflectiveOperationException, IOException {
		ClassWriter writer = new ClassWriter(0);
		try (InputStream file = type.getResourceAsStream("RefusedMethodsTests$Nameless.class")) {
			assertThat(file).isNotNull();
			new ClassReader(file).accept(new WithoutParameterNames(writer), 0);
		}
		byte[] bytes = writer.toByteArray();
		Class<?> nameless = new ClassLoader(type.getClassLoader()) {

			Class<?> define() {
				return defineClass(type.getName(), bytes, 0, bytes.length);
			}

		}.define();
		Constructor<?> constructor = nameless.getDeclaredConstructor();
		constructor.setAccessible(true);
		return constructor.newInstance();
	}

	@Test
	void twoMethodsForOneOperation() {
		assertRefused(new Reads() {

			@OnRead
			void another(ReadRequest request) {
			}

		}, "#Bean has 2 methods with @OnRead: 'Mono<Void> load(ByteBuffer buffer)' and "
				+ "'void another(ReadRequest request)'.", "Leave @OnRead on one of them.");
	}

	@Test
	void noMethodForReads() {
		assertRefused(new Object() {

			@OnWrite
			void save(ByteBuffer data) {
			}

			@OnFlush
			void sync() {
			}

		}, "#Bean cannot serve reads: it has methods with @OnWrite, @OnFlush, but none with @OnRead.",
				"Add one. " + AnnotatedOperation.READ.signatures());
	}

	@Test
	void flushThatWritesCannotCall() {
		assertRefused(new Reads() {

			@OnWrite
			void save(ByteBuffer data) {
			}

			@OnFlush
			void sync(FlushRequest request) {
			}

		}, "#Bean cannot make a single write durable: its method with @OnFlush takes a request, "
				+ "and there is none of a flush then.",
				"Let the method with @OnFlush take nothing; it is called after such a write. "
						+ "Or let the method with @OnWrite take a WriteRequest, and look at its forceUnitAccess().");
	}

	private static void assertRefused(Object bean, String message, String remedy) {
		assertRefused(bean, bean.getClass(), message, remedy);
	}

	private static void assertRefused(Object bean, Class<?> type, String message, String remedy) {
		DiskStartupException refused = refused(bean);
		String named = "he @BlockDevice bean 'scratch' of type " + type.getName();
		assertThat(refused).hasMessage(message.replace("#bean", "t" + named).replace("#Bean", "T" + named));
		assertThat(refused.remedy()).isEqualTo(remedy);
	}

	private static DiskStartupException refused(Object bean) {
		AnnotatedBean annotated = new AnnotatedBean("scratch", bean);
		return assertThatExceptionOfType(DiskStartupException.class).isThrownBy(annotated::plan).actual();
	}

	static class Reads {

		@OnRead
		Mono<Void> load(ByteBuffer buffer) {
			return Mono.empty();
		}

	}

	static class StaticMethod {

		@OnRead
		static byte[] load(ReadRequest request) {
			return new byte[0];
		}

	}

	static class FinalMethod {

		@OnRead
		final byte[] load(ReadRequest request) {
			return new byte[0];
		}

	}

	interface Marker {

		void nothing();

	}

	static class WithInterface implements Marker {

		@OnRead
		byte[] load(ReadRequest request) {
			return new byte[0];
		}

		@Override
		public void nothing() {
		}

	}

	static class Nameless {

		@OnRead
		byte[] load(long offset, int length) {
			return new byte[0];
		}

	}

	private static final class WithoutParameterNames extends ClassVisitor {

		WithoutParameterNames(ClassVisitor next) {
			super(SpringAsmInfo.ASM_VERSION, next);
		}

		@Override
		public MethodVisitor visitMethod(int access, String name, String descriptor, @Nullable String signature,
				String @Nullable [] exceptions) {
			MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
			return new MethodVisitor(SpringAsmInfo.ASM_VERSION, next) {

				@Override
				public void visitParameter(@Nullable String parameter, int flags) {
					// not passed on
				}

			};
		}

	}

}
