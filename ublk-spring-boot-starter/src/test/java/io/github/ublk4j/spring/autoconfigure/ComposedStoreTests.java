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

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.ForwardingBlockStore;
import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.StripeBlockStore;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Disks of several stores that are declared by properties.
 */
class ComposedStoreTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	/** That of the latest application. */
	private TestUblk ublk = new TestUblk();

	private final Path a;

	private final Path b;

	private final ApplicationContextRunner contextRunner;

	ComposedStoreTests(@TempDir Path directory) {
		this.a = directory.resolve("a.img");
		this.b = directory.resolve("b.img");
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, () -> {
				this.ublk = new TestUblk();
				return this.ublk.engine();
			})
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	private ApplicationContextRunner disk(String kind) {
		return this.contextRunner.withPropertyValues("ublk.devices.disk.store=" + kind,
				"ublk.devices.disk." + kind + ".stores=file:" + this.a + ",file:" + this.b);
	}

	private void write() {
		server().write(100 << 10, ByteBuffer.wrap(new byte[] { 1, 2, 3 })).block(TIMEOUT);
	}

	private void checkWritten() {
		ByteBuffer read = ByteBuffer.allocate(3);
		server().read(100 << 10, read).block(TIMEOUT);
		assertThat(read.array()).containsExactly(1, 2, 3);
	}

	private BlockStore server() {
		return (BlockStore) this.ublk.server();
	}

	@Test
	void stripesAreMadeAndFoundAgain() {
		disk("stripe").withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> {
			assertThat(this.ublk.server()).isInstanceOf(StripeBlockStore.class);
			assertThat(this.a).hasSize(512 << 10);
			write();
		});
		disk("stripe").run((context) -> {
			assertThat(server().size()).isEqualTo(1 << 20);
			checkWritten();
		});
	}

	@Test
	void sizeThatIsNoMultipleOfStripesHasRoom() {
		disk("stripe")
			.withPropertyValues("ublk.devices.disk.size=1000KB", "ublk.devices.disk.stripe.unit=16KB",
					"ublk.devices.disk.file.direct-io=false")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(this.ublk.specs()).singleElement()
					.satisfies((spec) -> assertThat(spec.size()).isEqualTo(1000 << 10));
				assertThat(this.b).hasSize(512 << 10);
			});
	}

	@Test
	void unitOfStripesThatIsOfNoUseIsRefusedBeforeStoresAreMade() {
		disk("stripe").withPropertyValues("ublk.devices.disk.size=1MB", "ublk.devices.disk.stripe.unit=100B")
			.run((context) -> {
				assertThat(failure(context)).hasMessageContaining("its stripes cannot have 100 bytes.");
				assertThat(failure(context).remedy()).startsWith("Set stripe.unit of the disk to ");
				assertThat(this.a).doesNotExist();
			});
	}

	@Test
	void tooManyStoresOfAMirrorAreRefusedBeforeTheyAreMade() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=file:" + this.a + ",memory".repeat(16))
			.run((context) -> {
				assertThat(failure(context)).hasMessageContaining("it has 17 stores.");
				assertThat(failure(context).remedy()).isEqualTo("Leave at most 16 in mirror.stores of the disk.");
				assertThat(this.a).doesNotExist();
			});
	}

	@Test
	void mirrorIsMadeAndFoundAgain() throws Exception {
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> {
			assertThat(this.a).hasSize(2 << 20);
			write();
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(((MirrorBlockStore) this.ublk.server()).members())
					.allMatch((member) -> member.state() == MemberState.CURRENT));
		});
		assertThat(Files.mismatch(this.a, this.b)).as("in their labels alone").isBetween(0L, 8191L);
		disk("mirror").run((context) -> {
			assertThat(server().size()).isEqualTo(1 << 20);
			checkWritten();
		});
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.mirror.stores=file:" + this.b)
			.run((context) -> checkWritten());
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void mirrorNamesItsDiskInTheLog(CapturedOutput output) {
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1MB")
			.run((context) -> assertThat(output).contains("of the mirror of disk 'disk' is filled: the mirror is new"));
	}

	@Test
	void propertiesOfMembersAreTheirs() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=memory,memory", "ublk.devices.disk.memory.pre-touch=true")
			.run((context) -> assertThat(context).hasNotFailed());
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=memory,memory", "ublk.devices.disk.chunks.take-over=true")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("ublk.devices.disk.chunks.take-over is for a disk with "));
	}

	@Test
	void propertiesOfStoresOfStoresAreRefusedForOthers() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=memory", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=memory")
			.run((context) -> assertThat(failure(context)).hasMessageContaining(
					"ublk.devices.disk.mirror.stores is for a disk with ublk.devices.disk.store=mirror; "));
		disk("mirror").withPropertyValues("ublk.devices.disk.stripe.unit=64KB")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("ublk.devices.disk.stripe.unit is for a disk with "));
	}

	@Test
	void memberThatCannotBeOpenedIsNamedAndTheOthersAreClosed() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=file:" + this.a + ",file:/nowhere/b.img")
			.run((context) -> assertThat(failure(context)).hasMessageContaining(
					"ublk.devices.disk.store=mirror cannot be opened: its member file:/nowhere/b.img: "));
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1MB")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void kindThatDoesNotExistIsNamed() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=stripe", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.stripe.stores=memory,redis:x")
			.run((context) -> {
				assertThat(failure(context)).hasMessageContaining("there is no store 'redis:x' for a member.");
				assertThat(failure(context).remedy()).contains("spring-boot-starter-data-redis");
			});
	}

	@Test
	void storesOfStoresOfStoresAreRefused() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=memory,mirror")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("the store 'mirror' cannot be a member of a mirror."));
	}

	@ParameterizedTest
	@ValueSource(strings = { "null", "pattern:42", "https://127.0.0.1:1/a.img" })
	void storeThatKeepsNothingIsNoMemberOfAMirror(String kind) {
		this.contextRunner.withBean(BlockStoreFactory.class, () -> new HttpBlockStoreFactory(WebClient::create))
			.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.mirror.stores=file:" + this.a + "," + kind)
			.run((context) -> {
				assertThat(failure(context))
					.hasMessageContaining("the store '" + kind + "' cannot be a member of a mirror.");
				assertThat(failure(context).remedy())
					.isEqualTo("Set an entry of mirror.stores to memory or file:/path/to/disk.img or "
							+ "directory:/path/to/disk.");
				assertThat(this.a).doesNotExist();
			});
	}

	@Test
	void kindsThatAreSuggestedForStripesAreNotRefused() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=stripe", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.stripe.stores=null,stripe")
			.run((context) -> {
				assertThat(failure(context)).hasMessageContaining("the store 'stripe' cannot be a member of a stripe.");
				assertThat(failure(context).remedy()).endsWith(" or null (in YAML \"null\") or pattern:<seed>.");
			});
	}

	@Test
	void storesMustBeNamed() {
		this.contextRunner.withPropertyValues("ublk.devices.disk.store=mirror", "ublk.devices.disk.size=1MB")
			.run((context) -> assertThat(failure(context).remedy()).startsWith("Set mirror.stores of the disk to "));
	}

	@Test
	void largerDiskThanTheMirrorIsRefused() {
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> write());
		disk("mirror").withPropertyValues("ublk.devices.disk.size=2MB").run((context) -> assertMirrorIsKept(context));
	}

	private static void assertMirrorIsKept(AssertableApplicationContext context) {
		assertThat(failure(context)).hasMessageEndingWith("its mirror was made with 1MB and keeps that.");
		assertThat(failure(context).remedy()).isEqualTo("Leave out ublk.devices.disk.size: "
				+ "the disk is as large as its mirror. A larger one is a new mirror, of new stores.");
	}

	/** The mirror keeps the size that it was made with. */
	@Test
	void enlargedMembersDoNotEnlargeTheMirror() throws Exception {
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> write());
		for (Path member : List.of(this.a, this.b)) {
			try (RandomAccessFile file = new RandomAccessFile(member.toFile(), "rw")) {
				file.setLength(3 << 20);
			}
		}
		disk("mirror").withPropertyValues("ublk.devices.disk.size=2MB").run((context) -> assertMirrorIsKept(context));
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1048576B").run((context) -> checkWritten());
		disk("mirror").run((context) -> {
			assertThat(server().size()).isEqualTo(1 << 20);
			checkWritten();
		});
	}

	@Test
	void newMemberGetsTheSizeOfTheMirror() {
		disk("mirror").withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> write());
		Path c = this.a.resolveSibling("c.img");
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=mirror",
					"ublk.devices.disk.mirror.stores=file:" + this.a + ",file:" + this.b + ",file:" + c)
			.run((context) -> {
				assertThat(c).hasSize(2 << 20);
				checkWritten();
			});
	}

	@Test
	void newMirrorOfStoresThatExistHasTheirSize() throws Exception {
		Files.write(this.a, new byte[2 << 20]);
		Files.write(this.b, new byte[3 << 20]);
		disk("mirror").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(server().size()).isEqualTo(1 << 20);
		});
	}

	@Test
	void mirrorOfStoresThatDoNotExistNeedsSize() {
		disk("mirror").run((context) -> {
			assertThat(failure(context)).hasMessageEndingWith("it has no size.");
			assertThat(this.a).doesNotExist();
		});
	}

	@Test
	void storeThatIsTooSmallIsClosedWithWhatItDoesBesideItsMembers() {
		AtomicBoolean closed = new AtomicBoolean();
		BlockStore small = new ForwardingBlockStore(MemoryBlockStore.sparse(1 << 20)) {
			@Override
			public void close() {
				closed.set(true);
			}
		};
		this.contextRunner.run((context) -> {
			ComposedStoreFactory kind = new SmallStoreFactory(
					new BlockStoreFactories(context.getBeanProvider(BlockStoreFactory.class)), small);
			DiskSpec spec = DiskSpec.named("disk").size(2 << 20).build();
			assertThatExceptionOfType(StoreUnavailableException.class)
				.isThrownBy(() -> kind.open(spec, "small", UblkProperties.Device.UNSET))
				.withMessageContaining("it has 1MB, not 2MB.");
		});
		assertThat(closed).isTrue();
	}

	private static final class SmallStoreFactory extends ComposedStoreFactory {

		private final BlockStore small;

		SmallStoreFactory(BlockStoreFactories kinds, BlockStore small) {
			super("small", kinds);
			this.small = small;
		}

		@Override
		List<String> stores(UblkProperties.Device properties) {
			return List.of("memory");
		}

		@Override
		long memberSize(long size, UblkProperties.Device properties) {
			return size;
		}

		@Override
		long size(long smallestMember, UblkProperties.Device properties) {
			return smallestMember;
		}

		@Override
		BlockStore compose(DiskSpec spec, List<BlockStore> members, UblkProperties.Device properties) {
			return this.small;
		}

	}

	private static DiskStartupException failure(AssertableApplicationContext context) {
		Throwable failure = context.getStartupFailure();
		while (failure != null && !(failure instanceof DiskStartupException)) {
			failure = failure.getCause();
		}
		return (DiskStartupException) Objects.requireNonNull(failure, "the application started");
	}

}
