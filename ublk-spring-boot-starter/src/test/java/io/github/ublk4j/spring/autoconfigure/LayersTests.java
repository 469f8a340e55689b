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
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;

import javax.crypto.spec.SecretKeySpec;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.BlockLayer;
import io.github.ublk4j.layer.CacheStore;
import io.github.ublk4j.layer.ChecksumStore;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.EncryptStore;
import io.github.ublk4j.layer.ErrorStore;
import io.github.ublk4j.layer.LogStore;
import io.github.ublk4j.layer.PauseStore;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.ReadOnlyStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.layer.StatsStore;
import io.github.ublk4j.layer.WindowStore;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDeviceCustomizer;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.MemoryBlockStore;
import org.assertj.core.util.Throwables;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code ublk.devices.<name>.layers} makes of a disk.
 */
class LayersTests {

	private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";

	private final TestUblk ublk = new TestUblk();

	private final Path directory;

	private final ApplicationContextRunner contextRunner;

	LayersTests(@TempDir Path directory) {
		this.directory = directory;
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	private ApplicationContextRunner memory(String... properties) {
		return this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory", "ublk.devices.ram.size=1MB")
			.withPropertyValues(properties);
	}

	@Test
	void firstLayerIsNearestToTheKernel() {
		memory("ublk.devices.ram.layers=pause, delay", "ublk.devices.ram.layer.delay.write-zeroes=5ms",
				"ublk.devices.ram.layer.delay.read=1s")
			.run((context) -> {
				Map<String, BlockStore> layers = context.getBean(BlockDevices.class).layers("ram");
				assertThat(layers).extractingByKeys("pause", "delay")
					.hasExactlyElementsOfTypes(PauseStore.class, DelayStore.class);
				assertThat(layers.keySet()).containsExactly("pause", "delay");
				assertThat(this.ublk.server()).isSameAs(layers.get("pause"));
				assertThat(below(this.ublk.server())).isSameAs(layers.get("delay"));
				assertThat(layer(context, "delay", DelayStore.class).delays())
					.containsEntry(BlockOperation.WRITE_ZEROES, Duration.ofMillis(5))
					.containsEntry(BlockOperation.READ, Duration.ofSeconds(1))
					.containsEntry(BlockOperation.WRITE, Duration.ZERO);
			});
	}

	@Test
	void layersCanBeWrittenAsList() {
		memory("ublk.devices.ram.layers[0]=delay", "ublk.devices.ram.layers[1]=error",
				"ublk.devices.ram.layer.error.operations[0]=read", "ublk.devices.ram.layer.error.rate=0.5",
				"ublk.devices.ram.layer.error.errno=enodata", "ublk.devices.ram.layer.error.offset=4KB",
				"ublk.devices.ram.layer.error.length=1KB", "ublk.devices.ram.layer.error.seed=7")
			.run((context) -> {
				ErrorStore error = layer(context, "error", ErrorStore.class);
				assertThat(error.rule().operations()).containsExactly(BlockOperation.READ);
				assertThat(error.rule()).extracting("offset", "length", "rate", "errno", "seed")
					.containsExactly(4096L, 1024L, 0.5, BlockErrno.ENODATA, 7L);
			});
	}

	@Test
	void layersWithoutOptionsDoNothing() {
		memory("ublk.devices.ram.layers=delay,error,pause,rate-limit,window").run((context) -> {
			assertThat(layer(context, "error", ErrorStore.class).rule().rate()).isZero();
			assertThat(layer(context, "pause", PauseStore.class).isPaused()).isFalse();
			assertThat(layer(context, "rate-limit", RateLimitStore.class).limit()).isEqualTo(RateLimit.NONE);
			assertThat(layer(context, "window", WindowStore.class).size()).isEqualTo(1 << 20);
		});
	}

	@Test
	void pauseAndLimitHaveOptions() {
		memory("ublk.devices.ram.layers=pause,rate-limit", "ublk.devices.ram.layer.pause.paused=true",
				"ublk.devices.ram.layer.rate-limit.bytes-per-second=10MB",
				"ublk.devices.ram.layer.rate-limit.operations-per-second=100",
				"ublk.devices.ram.layer.rate-limit.burst=1s")
			.run((context) -> {
				assertThat(layer(context, "pause", PauseStore.class).isPaused()).isTrue();
				assertThat(layer(context, "rate-limit", RateLimitStore.class).limit())
					.isEqualTo(new RateLimit(10 << 20, 100, Duration.ofSeconds(1)));
			});
	}

	@Test
	void everyLayerHasItsOptions() throws Exception {
		Path key = Files.writeString(this.directory.resolve("key"), KEY + "\n");
		memory("ublk.devices.ram.layers=cache,log,stats,retry,timeout,copy-on-write,encrypt",
				"ublk.devices.ram.layer.cache.mode=write-back", "ublk.devices.ram.layer.cache.capacity=1MB",
				"ublk.devices.ram.layer.cache.block-size=4KB", "ublk.devices.ram.layer.cache.dirty-limit=64KB",
				"ublk.devices.ram.layer.log.level=info", "ublk.devices.ram.layer.retry.attempts=5",
				"ublk.devices.ram.layer.retry.first-backoff=1ms", "ublk.devices.ram.layer.retry.max-backoff=2ms",
				"ublk.devices.ram.layer.timeout.after=1s", "ublk.devices.ram.layer.copy-on-write.block-size=4KB",
				"ublk.devices.ram.layer.copy-on-write.overlay=file:" + this.directory.resolve("overlay"),
				"ublk.devices.ram.layer.encrypt.key=file:" + key, "ublk.devices.ram.layer.encrypt.sector-size=4KB",
				"ublk.devices.ram.logical-block-size=4KB")
			.run((context) -> {
				CacheStore cache = layer(context, "cache", CacheStore.class);
				cache.write(0, ByteBuffer.allocate(4096).put(0, (byte) 7)).block();
				assertThat(cache.dirtyBytes()).isEqualTo(4096);
				cache.flush().block();
				assertThat(layer(context, "copy-on-write", CopyOnWriteStore.class).changedBytes()).isEqualTo(4096);
				assertThat(Files.size(this.directory.resolve("overlay"))).isEqualTo(1 << 20);
				assertThat(layer(context, "encrypt", EncryptStore.class).toString()).contains("AES-256", "4096");
				assertThat(layer(context, "stats", StatsStore.class).statistics().get(BlockOperation.WRITE))
					.extracting("requests")
					.isEqualTo(1L);
				assertThat(layer(context, "log", LogStore.class).level()).isEqualTo(Level.INFO);
				assertThat(context.getBean(BlockDevices.class).layers("ram")).containsKeys("retry", "timeout");
			});
	}

	@Test
	void layersHaveDefaults() {
		memory("ublk.devices.ram.layers=cache,log,stats,retry,timeout,copy-on-write,readahead,checksum")
			.run((context) -> assertThat(context.getBean(BlockDevices.class).layers("ram")).hasSize(8));
	}

	@Test
	void checksumsAreThoseOfLogicalBlocksAndKeptInTheFile() {
		Path sums = this.directory.resolve("sums");
		ApplicationContextRunner disk = this.contextRunner.withPropertyValues(
				"ublk.devices.disk.store=file:" + this.directory.resolve("disk.img"), "ublk.devices.disk.size=1MB",
				"ublk.devices.disk.layers=checksum", "ublk.devices.disk.layer.checksum.file=" + sums);
		disk.withPropertyValues("ublk.devices.disk.logical-block-size=4KB").run((context) -> {
			ChecksumStore layer = (ChecksumStore) Objects
				.requireNonNull(context.getBean(BlockDevices.class).layers("disk").get("checksum"));
			assertThat(layer.blockSize()).isEqualTo(4096);
			assertThat(sums).isNotEmptyFile();
		});
		disk.run((context) -> assertFailure(context,
				"The disk 'disk' cannot be made: ublk.devices.disk.layer.checksum.file is " + sums + ".",
				"It holds checksums of blocks of 4096 bytes, and the disk has blocks of 512. Use that as "
						+ "logical-block-size, or delete the file; then the sums are taken anew."));
	}

	@Test
	void readaheadHasOptions() {
		memory("ublk.devices.ram.layers=readahead", "ublk.devices.ram.layer.readahead.window=8KB",
				"ublk.devices.ram.layer.readahead.capacity=16KB", "ublk.devices.ram.layer.readahead.block-size=4KB")
			.run((context) -> {
				ReadaheadStore layer = layer(context, "readahead", ReadaheadStore.class);
				layer.read(0, ByteBuffer.allocate(4096)).block();
				layer.read(4096, ByteBuffer.allocate(4096)).block();
				assertThat(layer.prefetchedBytes()).isEqualTo(8192);
			});
		memory("ublk.devices.ram.layers=readahead", "ublk.devices.ram.layer.readahead.window=32MB")
			.run((context) -> assertFailure(context,
					"The disk 'ram' cannot be made: ublk.devices.ram.layer.readahead.capacity is 16777216.",
					"Use at least the window, 33554432 bytes, for each file that is read at the same time."));
	}

	@Test
	void keyIsNeitherShownNorQuoted() {
		memory("ublk.devices.ram.layers=encrypt", "ublk.devices.ram.layer.encrypt.key=" + KEY)
			.run((context) -> assertThat(context.getBean(UblkProperties.class).toString()).contains("key=******")
				.doesNotContain(KEY));
		memory("ublk.devices.ram.layers=encrypt", "ublk.devices.ram.layer.encrypt.key=" + KEY.substring(4))
			.run((context) -> assertFailure(context,
					"The disk 'ram' cannot be made: ublk.devices.ram.layer.encrypt.key is 61 bytes long.",
					"Use 64 random bytes for AES-256, or 32 for AES-128."));
		memory("ublk.devices.ram.layers=encrypt", "ublk.devices.ram.layer.encrypt.key=se(ret")
			.run((context) -> assertThat(context.getStartupFailure()).hasStackTraceContaining("is not Base64")
				.satisfies((failure) -> assertThat(Throwables.getStackTrace(failure)).doesNotContain("se(ret")));
	}

	@Test
	void keyThatIsMissingIsAskedFor() {
		memory("ublk.devices.ram.layers=encrypt").run((context) -> assertFailure(context,
				"The disk 'ram' cannot be made: ublk.devices.ram.layer.encrypt.key is not set.",
				"Use 64 random bytes in Base64 (openssl rand -base64 64 | tr -d '\\n'), "
						+ "file:/path of a file that contains them, or bundle:<name>#<alias> of a secret key in an SSL bundle."));
		memory("ublk.devices.ram.layers=encrypt", "ublk.devices.ram.layer.encrypt.key=file:/none/key")
			.run((context) -> assertFailure(context,
					"The layer 'encrypt' of the disk 'ram' cannot be opened: its key cannot be read from /none/key.",
					"Correct the path, or the rights to the file."));
	}

	@Test
	void keyCanBeASecretKeyOfAnSslBundle() throws Exception {
		byte[] key = Base64.getDecoder().decode(KEY);
		bundle(key, "ublk.devices.ram.layer.encrypt.key=bundle:disks#ram").run((context) -> {
			EncryptStore layer = layer(context, "encrypt", EncryptStore.class);
			assertThat(layer.algorithm()).isEqualTo("AES-256-XTS");
			ByteBuffer data = ByteBuffer.allocate(512).put(0, (byte) 7);
			layer.write(0, data.duplicate()).block();
			ByteBuffer stored = ByteBuffer.allocate(512);
			layer.parts().get(0).read(0, stored).block();
			MemoryBlockStore expected = MemoryBlockStore.sparse(512);
			new EncryptStore(expected, key, 512).write(0, data.duplicate()).block();
			ByteBuffer other = ByteBuffer.allocate(512);
			expected.read(0, other).block();
			assertThat(stored.array()).isEqualTo(other.array());
		});
	}

	@Test
	void keyOfAnSslBundleThatCannotBeUsedIsRefused() throws Exception {
		String disk = "The disk 'ram' cannot be made: ublk.devices.ram.layer.encrypt.key is ";
		bundle(new byte[16], "ublk.devices.ram.layer.encrypt.key=bundle:disks#ram")
			.run((context) -> assertFailure(context, disk + "16 bytes long.",
					"Use 64 random bytes for AES-256, or 32 for AES-128."));
		bundle(new byte[64], "ublk.devices.ram.layer.encrypt.key=bundle:disks#rom").run((context) -> assertFailure(
				context, disk + "bundle:disks#rom.",
				"The key store of the SSL bundle 'disks' has no secret key 'rom' whose bytes can be had. "
						+ "Make one (keytool -genseckey -alias rom -keyalg HmacSHA512 -keysize 512 -storetype PKCS12), "
						+ "or correct the alias."));
		bundle(new byte[64], "ublk.devices.ram.layer.encrypt.key=bundle:other#ram")
			.run((context) -> assertFailure(context, disk + "bundle:other#ram.", "There is no SSL bundle 'other'. "
					+ "Set spring.ssl.bundle.jks.other.keystore.location, or correct the name."));
		bundle(new byte[64], "ublk.devices.ram.layer.encrypt.key=bundle:disks")
			.run((context) -> assertFailure(context, disk + "bundle:disks.",
					"Use bundle:<name>#<alias> for the secret key <alias> in the key store of the SSL bundle <name>."));
		bundle(new byte[64], "ublk.devices.ram.layer.encrypt.key=bundle:disks#ram",
				"spring.ssl.bundle.jks.disks.keystore.password=wrong")
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("its key cannot be read from the SSL bundle 'disks': ")
				.hasStackTraceContaining("Correct the properties spring.ssl.bundle.jks.disks.*."));
	}

	private ApplicationContextRunner bundle(byte[] key, String... properties) throws Exception {
		Path file = this.directory.resolve("disks.p12");
		char[] password = "changeit".toCharArray();
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, password);
		store.setEntry("ram", new KeyStore.SecretKeyEntry(new SecretKeySpec(key, "AES")),
				new KeyStore.PasswordProtection(password));
		try (OutputStream out = Files.newOutputStream(file)) {
			store.store(out, password);
		}
		return memory("ublk.devices.ram.layers=encrypt", "spring.ssl.bundle.jks.disks.keystore.location=file:" + file,
				"spring.ssl.bundle.jks.disks.keystore.type=PKCS12",
				"spring.ssl.bundle.jks.disks.keystore.password=changeit")
			.withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class))
			.withPropertyValues(properties);
	}

	@Test
	void sectorsLargerThanLogicalBlocksAreRefused() {
		memory("ublk.devices.ram.layers=encrypt", "ublk.devices.ram.layer.encrypt.key=" + KEY,
				"ublk.devices.ram.layer.encrypt.sector-size=4KB")
			.run((context) -> assertFailure(context,
					"The disk 'ram' cannot be made: ublk.devices.ram.layer.encrypt.sector-size is 4096B.",
					"Use at most the size of a logical block, 512B, or raise logical-block-size."));
	}

	@Test
	void cacheNeedsCaffeine() {
		memory("ublk.devices.ram.layers=cache").withClassLoader(new FilteredClassLoader(Caffeine.class))
			.run((context) -> assertFailure(context,
					"The layer 'cache' of the disk 'ram' cannot be opened: Caffeine is not on the class path.",
					"Add the dependency com.github.ben-manes.caffeine:caffeine, whose version Spring Boot knows, "
							+ "or remove the layer."));
	}

	@Test
	void overlayIsMemoryOrFile() {
		memory("ublk.devices.ram.layers=copy-on-write", "ublk.devices.ram.layer.copy-on-write.overlay=disk")
			.run((context) -> assertFailure(context,
					"The disk 'ram' cannot be made: ublk.devices.ram.layer.copy-on-write.overlay is disk.",
					"Use memory or file:/path/to/overlay.img."));
	}

	@Test
	void storeBelowWindowIsLargerThanTheDisk() {
		Path file = this.directory.resolve("disk.img");
		this.contextRunner
			.withPropertyValues("ublk.devices.part.store=file:" + file, "ublk.devices.part.size=1MB",
					"ublk.devices.part.layers=window", "ublk.devices.part.layer.window.offset=64KB")
			.run((context) -> {
				assertThat(Files.size(file)).isEqualTo((1 << 20) + (64 << 10));
				assertThat(this.ublk.server()).isInstanceOf(WindowStore.class);
			});
		this.contextRunner
			.withPropertyValues("ublk.devices.part.store=file:" + file, "ublk.devices.part.layers=window",
					"ublk.devices.part.layer.window.offset=64KB")
			.run((context) -> assertThat(this.ublk.specs().get(1).size()).isEqualTo(1 << 20));
	}

	@Test
	void layersOfTheApplicationAreNamedLikeTheirBeans() {
		memory("ublk.devices.ram.layers=delay,mine").withBean("mine", BlockLayer.class, () -> ReadOnlyStore::new)
			.run((context) -> assertThat(context.getBean(BlockDevices.class).layers("ram").get("mine"))
				.isInstanceOf(ReadOnlyStore.class));
	}

	@Test
	void storeBeanIsNotClosedByTheLayersOverIt() {
		this.contextRunner.withUserConfiguration(StoreBean.class)
			.withPropertyValues("ublk.devices.stored.layers=delay")
			.run((context) -> {
				BlockDevices devices = context.getBean(BlockDevices.class);
				BlockStore first = devices.layers("stored").get("delay");
				assertThat(this.ublk.server()).isSameAs(first);
				devices.stop("stored").block();
				assertThat(devices.layers("stored")).isEmpty();
				devices.start("stored").block();
				assertThat(devices.layers("stored").get("delay")).isNotSameAs(first);
				context.getBean(MemoryBlockStore.class).write(0, ByteBuffer.allocate(512)).block();
			});
	}

	@Test
	void layersOverHandlerAreRefused() {
		this.contextRunner.withUserConfiguration(TestDisks.Scratch.class)
			.withPropertyValues("ublk.devices.scratch.layers=delay")
			.run((context) -> assertFailure(context,
					"The disk 'scratch' cannot have the layers that ublk.devices.scratch.layers asks for: "
							+ "the bean 'testDisks.Scratch' that serves it is no BlockStore.",
					"Remove the property, or let the bean implement BlockStore."));
	}

	@Test
	void unknownLayerIsRefusedWithThoseThatAreKnown() {
		memory("ublk.devices.ram.layers=delay,crypt").withBean("mine", BlockLayer.class, () -> (below) -> below)
			.run((context) -> assertThat(context.getStartupFailure()).satisfies((failure) -> {
				DiskStartupException cause = cause(failure);
				assertThat(cause).hasMessage("There is no layer 'crypt': ublk.devices.ram.layers is delay, crypt.");
				assertThat(cause.remedy()).contains("delay", "mine, ", "rate-limit")
					.endsWith(", or the name of a bean of type BlockLayer.");
			}));
	}

	@Test
	void layerIsNamedOnce() {
		memory("ublk.devices.ram.layers=delay,delay").run((context) -> assertFailure(context,
				"The layer 'delay' is named twice: ublk.devices.ram.layers is delay, delay.",
				"Remove one of them. A bean of type BlockLayer can be the second layer of the same kind."));
	}

	@Test
	void beanThatIsNamedLikeLayerOfUblk4jIsRefused() {
		memory("ublk.devices.ram.layers=delay").withBean("delay", BlockLayer.class, () -> (below) -> below)
			.run((context) -> assertFailure(context,
					"The layer 'delay' can be two things: ublk.devices.ram.layers is delay, and there is a bean of "
							+ "that name and of type BlockLayer besides the layer of ublk4j.",
					"Give the bean another name."));
	}

	@Test
	void optionsOfLayerThatIsNotThereAreRefused() {
		memory("ublk.devices.ram.layers=pause", "ublk.devices.ram.layer.rate-limit.burst=1s")
			.run((context) -> assertFailure(context,
					"ublk.devices.ram.layer.rate-limit.* is for a disk with the layer 'rate-limit'; "
							+ "ublk.devices.ram.layers is pause.",
					"Remove the properties, or add 'rate-limit' to ublk.devices.ram.layers."));
	}

	@Test
	void misspeltOptionIsRefused() {
		memory("ublk.devices.ram.layers=delay", "ublk.devices.ram.layer.delay.reed=1s").run((context) -> {
			DiskStartupException cause = cause(context.getStartupFailure());
			assertThat(cause).hasMessageStartingWith("There is no property ublk.devices.ram.layer.delay.reed");
			assertThat(cause.remedy()).startsWith("Did you mean ublk.devices.ram.layer.delay.read?");
		});
	}

	@Test
	void optionOutOfBoundsIsRefusedByItsProperty() {
		memory("ublk.devices.ram.layers=pause,delay", "ublk.devices.ram.layer.delay.write-zeroes=-1s")
			.run((context) -> assertFailure(context,
					"The disk 'ram' cannot be made: ublk.devices.ram.layer.delay.write-zeroes is PT-1S.",
					"Use 0 to 1d, such as 5ms."));
	}

	@Test
	void writeBackCacheOnDiskThatOutlivesTheApplicationIsRefused() {
		ApplicationContextRunner writeBack = memory("ublk.devices.ram.layers=cache",
				"ublk.devices.ram.layer.cache.mode=write-back");
		writeBack.withPropertyValues("ublk.devices.ram.recovery=reissue")
			.run((context) -> assertFailure(context,
					"The disk 'ram' (store memory) cannot be made: ublk.devices.ram.recovery is REISSUE, "
							+ "and ublk.devices.ram.layer.cache.mode is WRITE_BACK.",
					"What is not written back ends with the application, but this disk does not. Use write-through, "
							+ "or set ublk.devices.ram.recovery=none."));
		writeBack.run((context) -> assertThat(context).hasNotFailed());
		memory("ublk.devices.ram.layers=cache", "ublk.devices.ram.recovery=reissue")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void snapshotOfDiskThatOutlivesTheApplicationIsRefused() {
		ApplicationContextRunner snapshot = memory("ublk.devices.ram.layers=stats,copy-on-write",
				"ublk.devices.ram.recovery=fail-io", "ublk.devices.ram.on-shutdown=quiesce");
		snapshot.run((context) -> assertFailure(context,
				"The disk 'ram' (store memory) cannot be made: ublk.devices.ram.recovery is FAIL_IO, "
						+ "and ublk.devices.ram.layers is stats, copy-on-write.",
				"The overlay of copy-on-write ends with the application, but this disk does not. "
						+ "Remove the layer copy-on-write, or set ublk.devices.ram.recovery=none."));
		snapshot.withPropertyValues("ublk.devices.ram.read-only=true")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void recoveryOfCustomizerIsRefusedAsItsOwn() {
		memory("ublk.devices.ram.layers=copy-on-write")
			.withBean(BlockDeviceCustomizer.class, () -> (disk, builder) -> builder.recovery(Recovery.QUEUE))
			.run((context) -> assertThat(cause(context.getStartupFailure()))
				.hasMessageContaining("a BlockDeviceCustomizer sets its recovery to QUEUE, and "));
	}

	@Test
	void layerThatIsNothingIsRefused() {
		memory("ublk.devices.ram.layers=mine").withBean("mine", BlockLayer.class, () -> (below) -> nothing())
			.run((context) -> assertFailure(context,
					"The layer 'mine' of the disk 'ram' cannot be opened: over(...) of the bean 'mine' returns null.",
					"Let it return a BlockStore, or 'below' to do nothing."));
	}

	@SuppressWarnings("NullAway")
	private static BlockStore nothing() {
		return null;
	}

	private static <T> T layer(AssertableApplicationContext context, String name, Class<T> type) {
		return type.cast(Objects.requireNonNull(context.getBean(BlockDevices.class).layers("ram").get(name)));
	}

	private static Object below(Object layer) {
		return Objects.requireNonNull(ReflectionTestUtils.invokeMethod(layer, "below"));
	}

	private static void assertFailure(AssertableApplicationContext context, String message, String remedy) {
		DiskStartupException cause = cause(context.getStartupFailure());
		assertThat(cause).extracting(Throwable::getMessage, DiskStartupException::remedy)
			.containsExactly(message, remedy);
	}

	private static DiskStartupException cause(@Nullable Throwable failure) {
		Throwable cause = failure;
		while (cause != null && !(cause instanceof DiskStartupException)) {
			cause = cause.getCause();
		}
		assertThat(cause).as("cause of %s", failure).isNotNull();
		return (DiskStartupException) Objects.requireNonNull(cause);
	}

	@Configuration(proxyBeanMethods = false)
	static class StoreBean {

		@Bean
		@BlockDevice
		MemoryBlockStore stored() {
			return MemoryBlockStore.sparse(1 << 20);
		}

	}

}
