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

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.s3.S3AsyncClient;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Disks in chunks that are declared by properties.
 */
class ChunkStoreAutoConfigurationTests {

	private final TestUblk ublk = new TestUblk();

	private final Path directory;

	private final ApplicationContextRunner contextRunner;

	private final String volume = UUID.randomUUID().toString();

	ChunkStoreAutoConfigurationTests(@TempDir Path directory) {
		this.directory = directory;
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
					RedisStoreAutoConfiguration.class, R2dbcStoreAutoConfiguration.class,
					S3StoreAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	private ApplicationContextRunner redis() {
		return this.contextRunner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.port=" + LocalServer.redis().port(),
					"ublk.devices.disk.store=redis:" + this.volume);
	}

	private ApplicationContextRunner postgres() {
		return this.contextRunner.withConfiguration(AutoConfigurations.of(R2dbcAutoConfiguration.class))
			.withPropertyValues("spring.r2dbc.url=r2dbc:postgresql://postgres@127.0.0.1:"
					+ LocalServer.postgres().port() + "/postgres", "ublk.devices.disk.store=r2dbc:" + this.volume);
	}

	@Test
	void directoryNeedsNoBeanAndRemembersItsSize() {
		Path path = this.directory.resolve("disk");
		ApplicationContextRunner disk = this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=directory:" + path);
		disk.withPropertyValues("ublk.devices.disk.size=1MB", "ublk.devices.disk.chunks.chunk-size=8KB")
			.run((context) -> assertThat(store().descriptor().chunkSize()).isEqualTo(8 << 10));
		disk.run((context) -> {
			assertThat(store().size()).isEqualTo(1 << 20);
			assertThat(store().descriptor().chunkSize()).isEqualTo(8 << 10);
		});
	}

	private ChunkBlockStore store() {
		return (ChunkBlockStore) this.ublk.server();
	}

	@Test
	void sizeOfTheVolumeMustBeKept() {
		Path path = this.directory.resolve("disk");
		Objects.requireNonNull(ChunkBlockStore.of(DirectoryChunkVolume.at(path)).size(1 << 20).open().block()).close();
		this.contextRunner.withPropertyValues("ublk.devices.disk.store=directory:" + path, "ublk.devices.disk.size=2MB")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("ublk.devices.disk.store=directory:" + path + " cannot be opened")
				.hasMessageContaining("was made with 1048576 bytes, not 2097152."));
	}

	@ParameterizedTest
	@CsvSource({ "100KB, 100KB", "0, 0B", "-4KB, -4KB", "64MB, 64MB", "4TB, 4TB" })
	void sizeOfChunksOutOfBoundsIsNamed(String size, String shown) {
		String remedy = "Set chunks.chunk-size of the disk to a power of two from 4KB to 32MB, or leave it out.";
		String store = "directory:" + this.directory.resolve("disk");
		ApplicationContextRunner disk = this.contextRunner.withPropertyValues("ublk.devices.disk.size=1MB",
				"ublk.devices.disk.chunks.chunk-size=" + size);
		disk.withPropertyValues("ublk.devices.disk.store=" + store).run((context) -> {
			assertThat(failure(context))
				.hasMessageEndingWith(store + " cannot be opened: chunks.chunk-size is " + shown + ".");
			assertThat(failure(context).remedy()).isEqualTo(remedy);
		});
		disk.withPropertyValues("ublk.devices.disk.store=mirror",
				"ublk.devices.disk.mirror.stores=" + store + ",memory")
			.run((context) -> {
				assertThat(failure(context))
					.hasMessageEndingWith("its member " + store + ": chunks.chunk-size is " + shown + ".");
				assertThat(failure(context).remedy()).isEqualTo(remedy);
			});
	}

	@Test
	void redisOfTheApplicationIsUsed() {
		redis().withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> keepsData());
		redis().run((context) -> assertThat(store().size()).isEqualTo(1 << 20));
	}

	@Test
	void databaseOfTheApplicationIsUsed() {
		postgres().withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> keepsData());
		postgres().run((context) -> assertThat(store().size()).isEqualTo(1 << 20));
	}

	@Test
	void s3ClientOfTheApplicationIsUsed() {
		ApplicationContextRunner s3 = this.contextRunner
			.withBean(S3AsyncClient.class, TestS3::client, (bean) -> bean.setDestroyMethodName(""))
			.withPropertyValues("ublk.devices.disk.store=s3:" + TestS3.BUCKET + "/some/" + this.volume);
		s3.withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> keepsData());
		s3.run((context) -> assertThat(store().size()).isEqualTo(1 << 20));
	}

	@Test
	void volumeInS3NeedsBucketAndPrefix() {
		this.contextRunner.withBean(S3AsyncClient.class, TestS3::client, (bean) -> bean.setDestroyMethodName(""))
			.withPropertyValues("ublk.devices.disk.store=s3:bucket")
			.run((context) -> assertThat(failure(context)).hasMessageContaining("Use a bucket, '/', and "));
	}

	private void keepsData() {
		ChunkBlockStore store = store();
		Duration timeout = Duration.ofSeconds(20);
		store.write(512, ByteBuffer.wrap(new byte[] { 1, 2, 3 })).block(timeout);
		ByteBuffer read = ByteBuffer.allocate(3);
		store.read(512, read).block(timeout);
		assertThat(read.array()).containsExactly(1, 2, 3);
	}

	@Test
	void secondApplicationIsRefusedOrTakesOver() {
		redis().withPropertyValues("ublk.devices.disk.size=1MB").run((context) -> {
			redis().run((second) -> assertThat(failure(second)).hasMessageContaining(
					"The Redis volume " + this.volume + " is served by process " + ProcessHandle.current().pid()));
			redis().withPropertyValues("ublk.devices.disk.chunks.take-over=true")
				.run((second) -> assertThat(second).hasNotFailed());
		});
	}

	@Test
	void serverThatDoesNotAnswerIsNamed() {
		this.contextRunner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.port=1", "ublk.devices.disk.store=redis:x")
			.run((context) -> {
				DiskStartupException failure = failure(context);
				assertThat(failure).hasMessageContaining("The Redis volume x cannot be used: ");
				assertThat(failure.remedy()).isEqualTo("Check spring.data.redis.* and the server.");
			});
	}

	@ParameterizedTest
	@CsvSource({ "redis:x, spring-boot-starter-data-redis", "r2dbc:x, spring-boot-starter-r2dbc",
			"s3:x/y, software.amazon.awssdk:s3" })
	void missingDependencyIsNamed(String store, String dependency) {
		this.contextRunner
			.withClassLoader(new FilteredClassLoader(ReactiveRedisConnectionFactory.class, DatabaseClient.class,
					S3AsyncClient.class))
			.withPropertyValues("ublk.devices.disk.store=" + store)
			.run((context) -> assertThat(failure(context).remedy()).contains(dependency));
	}

	@ParameterizedTest
	@CsvSource({ "redis:x, it needs a ReactiveRedisConnectionFactory", "r2dbc:x, it needs a ConnectionFactory",
			"s3:x/y, 'exactly one bean of the type S3AsyncClient, or one that is @Primary'" })
	void missingBeanIsNamed(String store, String bean) {
		this.contextRunner.withPropertyValues("ublk.devices.disk.store=" + store).run((context) -> {
			assertThat(context.getStartupFailure()).isNotNull();
			assertThat(failure(context).remedy()).contains(bean);
		});
		this.contextRunner.run((context) -> assertThat(context).doesNotHaveBean(BlockStoreFactory.class));
	}

	@Test
	void propertiesOfChunksAreRefusedForOtherStores() {
		this.contextRunner
			.withPropertyValues("ublk.devices.disk.store=memory", "ublk.devices.disk.size=1MB",
					"ublk.devices.disk.chunks.take-over=true")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("ublk.devices.disk.chunks.take-over is for a disk with "));
	}

	private static DiskStartupException failure(AssertableApplicationContext context) {
		Throwable failure = context.getStartupFailure();
		while (failure != null && !(failure instanceof DiskStartupException)) {
			failure = failure.getCause();
		}
		return (DiskStartupException) Objects.requireNonNull(failure, "the application started");
	}

}
