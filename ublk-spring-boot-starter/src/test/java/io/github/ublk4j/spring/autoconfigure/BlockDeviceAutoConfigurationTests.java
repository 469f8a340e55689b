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
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.BackingFiles;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.AliasFor;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThatCode;

class BlockDeviceAutoConfigurationTests {

	private final TestUblk ublk = new TestUblk();

	private final Path directory;

	private final ApplicationContextRunner contextRunner;

	BlockDeviceAutoConfigurationTests(@TempDir Path directory) {
		this.directory = directory;
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	@Test
	void annotatedClassBecomesDisk() {
		this.contextRunner.withUserConfiguration(TestDisks.Scratch.class).run((context) -> {
			assertThat(this.ublk.server()).isSameAs(context.getBean(TestDisks.Scratch.class));
			assertThat(spec().name()).isEqualTo("scratch");
			assertThat(spec().size()).isEqualTo(4L << 30);
			assertThat(context.getBean(BlockDevices.class).find("scratch")).isPresent();
			assertThat(context.getBean(BlockDevices.class).find("other")).isEmpty();
		});
	}

	@Test
	void annotatedBeanMethodsBecomeDisksNamedLikeTheirBeans() {
		this.contextRunner.withUserConfiguration(TestDisks.Two.class)
			.run((context) -> assertThat(this.ublk.specs()).extracting(DiskSpec::name)
				.containsExactly("first", "second"));
	}

	@Test
	void annotationIsMetaAnnotation() {
		this.contextRunner.withUserConfiguration(Composed.class).run((context) -> {
			assertThat(spec().name()).isEqualTo("composed");
			assertThat(spec().size()).isEqualTo(1L << 30);
			assertThat(spec().logicalBlockSize()).isEqualTo(4096);
		});
	}

	@Test
	void annotationHasTheDefaultsOfTheEngine() {
		this.contextRunner.withUserConfiguration(TestDisks.Scratch.class)
			.run((context) -> assertThat(spec()).usingRecursiveComparison()
				.isEqualTo(DiskSpec.named("scratch").size(4L << 30).build()));
	}

	@Test
	void everyAttributeOfTheAnnotationIsUsed() {
		this.contextRunner.withUserConfiguration(Everything.class).run((context) -> {
			assertThat(spec().queues()).isEqualTo(2);
			assertThat(spec().queueDepth()).isEqualTo(32);
			assertThat(spec().maxIoSize()).isEqualTo(1 << 20);
			assertThat(spec().logicalBlockSize()).isEqualTo(1024);
			assertThat(spec().physicalBlockSize()).isEqualTo(8192);
			assertThat(spec().ioMin()).isEqualTo(16384);
			assertThat(spec().ioOpt()).isEqualTo(65536);
			assertThat(spec().readOnly()).isTrue();
			assertThat(spec().rotational()).isTrue();
			assertThat(spec().partitionScan()).isFalse();
			assertThat(spec().dataMode()).isEqualTo(DataMode.ZERO_COPY);
		});
	}

	@Test
	void everyPropertyOverridesTheAnnotation() {
		this.contextRunner.withUserConfiguration(Everything.class)
			.withPropertyValues("ublk.devices.everything.size=2GB", "ublk.devices.everything.queues=4",
					"ublk.devices.everything.queue-depth=64", "ublk.devices.everything.max-io-size=2MB",
					"ublk.devices.everything.logical-block-size=2KB", "ublk.devices.everything.physical-block-size=4KB",
					"ublk.devices.everything.io-min=32KB", "ublk.devices.everything.io-opt=128KB",
					"ublk.devices.everything.read-only=false", "ublk.devices.everything.rotational=false",
					"ublk.devices.everything.partition-scan=true", "ublk.devices.everything.data-mode=user-copy")
			.run((context) -> {
				assertThat(spec().size()).isEqualTo(2L << 30);
				assertThat(spec().queues()).isEqualTo(4);
				assertThat(spec().queueDepth()).isEqualTo(64);
				assertThat(spec().maxIoSize()).isEqualTo(2 << 20);
				assertThat(spec().logicalBlockSize()).isEqualTo(2048);
				assertThat(spec().physicalBlockSize()).isEqualTo(4096);
				assertThat(spec().ioMin()).isEqualTo(32 << 10);
				assertThat(spec().ioOpt()).isEqualTo(128 << 10);
				assertThat(spec().readOnly()).isFalse();
				assertThat(spec().rotational()).isFalse();
				assertThat(spec().partitionScan()).isTrue();
				assertThat(spec().dataMode()).isEqualTo(DataMode.USER_COPY);
			});
	}

	@ParameterizedTest
	@CsvSource({ "auto, AUTO", "copy, COPY", "user-copy, USER_COPY", "zero-copy, ZERO_COPY", "zeroCopy, ZERO_COPY",
			"ZERO_COPY, ZERO_COPY" })
	void dataModeIsWrittenInAnyForm(String written, DataMode mode) {
		this.contextRunner.withUserConfiguration(Everything.class)
			.withPropertyValues("ublk.devices.everything.data-mode=" + written)
			.run((context) -> assertThat(spec().dataMode()).isEqualTo(mode));
	}

	@Test
	void attributesResolvePlaceholders() {
		this.contextRunner.withUserConfiguration(Placeholders.class)
			.withPropertyValues("disk.name=tenant-7", "disk.size=3MB")
			.run((context) -> {
				assertThat(spec().name()).isEqualTo("tenant-7");
				assertThat(spec().size()).isEqualTo(3 << 20);
			});
	}

	@Test
	void streamServesDisk() {
		this.contextRunner.withUserConfiguration(OtherShapes.class)
			.withPropertyValues("ublk.devices.store.enabled=false")
			.run((context) -> assertThat(this.ublk.server()).isSameAs(context.getBean(BlockRequestStream.class)));
	}

	@Test
	void storeServesDiskOfItsOwnSize() {
		this.contextRunner.withUserConfiguration(OtherShapes.class)
			.withPropertyValues("ublk.devices.stream.enabled=false")
			.run((context) -> {
				assertThat(this.ublk.server()).isSameAs(context.getBean(BlockStore.class));
				assertThat(spec().size()).isEqualTo(1 << 20);
			});
	}

	@Test
	void memoryStoreNeedsNoBean() {
		this.contextRunner
			.withPropertyValues("ublk.devices.ram.store=memory", "ublk.devices.ram.size=8MB",
					"ublk.devices.ram.memory.pre-touch=true")
			.run((context) -> assertThat(this.ublk.server()).isInstanceOfSatisfying(MemoryBlockStore.class,
					(store) -> assertThat(store.allocatedBytes()).isEqualTo(8 << 20)));
		assertThat(((MemoryBlockStore) this.ublk.server()).allocatedBytes()).as("after the context closed").isZero();
	}

	@Test
	void fileStoreCreatesSparseFileOfTheDeclaredSize() {
		Path file = this.directory.resolve("disk.img");
		this.contextRunner
			.withPropertyValues("ublk.devices.archive.store=file:" + file, "ublk.devices.archive.size=1GB")
			.run((context) -> {
				assertThat(this.ublk.server()).isInstanceOf(FileBlockStore.class);
				assertThat(file).hasSize(1 << 30);
			});
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void fileStoreCanPassThePageCacheBy() throws Exception {
		Path file = Files.write(this.directory.resolve("disk.img"), new byte[64 << 10]).toRealPath();
		assumeThatCode(() -> BackingFiles.openDirect(file).close()).doesNotThrowAnyException();
		this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + file)
			.run((context) -> assertThat(isOpenForDirectIo(file)).isFalse());
		this.contextRunner
			.withPropertyValues("ublk.devices.archive.store=file:" + file, "ublk.devices.archive.file.direct-io=true")
			.run((context) -> assertThat(isOpenForDirectIo(file)).isTrue());
	}

	/**
	 * Returns whether one of the descriptors of this process on a file has O_DIRECT.
	 */
	private static boolean isOpenForDirectIo(Path file) throws IOException {
		try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
			for (Path descriptor : descriptors) {
				if (Files.isSymbolicLink(descriptor) && Files.readSymbolicLink(descriptor).equals(file)) {
					String flags = Files.readAllLines(Path.of("/proc/self/fdinfo").resolve(descriptor.getFileName()))
						.get(1)
						.substring("flags:".length())
						.strip();
					if ((Integer.parseInt(flags, 8) & LinuxFile.O_DIRECT) != 0) {
						return true;
					}
				}
			}
		}
		return false;
	}

	@Test
	void existingFileIsServedInItsWholeSize() throws Exception {
		Path file = Files.write(this.directory.resolve("disk.img"), new byte[64 << 10]);
		this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + file)
			.run((context) -> assertThat(spec().size()).isEqualTo(64 << 10));
	}

	@Test
	void disabledDiskIsLeftOut() {
		this.contextRunner.withUserConfiguration(TestDisks.Two.class)
			.withPropertyValues("ublk.devices.first.enabled=false", "ublk.devices.ram.enabled=false")
			.run((context) -> assertThat(this.ublk.specs()).extracting(DiskSpec::name).containsExactly("second"));
	}

	@Test
	void propertyNamesAreRelaxed() {
		this.contextRunner.withBean("scratchDisk", Unnamed.class)
			.withPropertyValues("ublk.devices.scratch-disk.queue-depth=16")
			.run((context) -> {
				assertThat(spec().name()).isEqualTo("scratchDisk");
				assertThat(spec().queueDepth()).isEqualTo(16);
			});
	}

	@Test
	void environmentVariableOverridesPropertyAndIsNoDiskOfItsOwn() {
		this.contextRunner
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
						new SystemEnvironmentPropertySource(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
								Map.of("UBLK_DEVICES_RAMDISK1_SIZE", "4MB"))))
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("application.yml",
						Map.of("ublk.devices.ram-disk-1.size", "8MB", "ublk.devices.ram-disk-1.store", "memory"))))
			.run((context) -> {
				assertThat(this.ublk.specs()).singleElement().extracting(DiskSpec::name).isEqualTo("ram-disk-1");
				assertThat(spec().size()).isEqualTo(4 << 20);
			});
	}

	@Test
	void propertyOfOneDiskIsNotThatOfAnotherWithSimilarName() {
		this.contextRunner.withBean("vol-1", Unnamed.class)
			.withBean("vol1", Unnamed.class)
			.withPropertyValues("ublk.devices.vol1.read-only=true")
			.run((context) -> assertThat(this.ublk.specs()).extracting(DiskSpec::name, DiskSpec::readOnly)
				.containsExactly(tuple("vol-1", false), tuple("vol1", true)));
	}

	@Test
	void similarNamesInBracketsAreTwoDisks() {
		this.contextRunner
			.withPropertyValues("ublk.devices[vol-1].store=memory", "ublk.devices[vol-1].size=1MB",
					"ublk.devices[vol1].store=memory", "ublk.devices[vol1].size=1MB")
			.run((context) -> assertThat(this.ublk.specs()).extracting(DiskSpec::name, DiskSpec::size)
				.containsExactlyInAnyOrder(tuple("vol-1", 1L << 20), tuple("vol1", 1L << 20)));
	}

	@Test
	void propertyWithOtherDashesOverridesAndIsNoDiskOfItsOwn() {
		this.contextRunner
			.withPropertyValues("ublk.devices.ram-disk-1.size=4MB", "ublk.devices.ramdisk1.store=memory",
					"ublk.devices.ramdisk1.queues=2")
			.run((context) -> {
				assertThat(this.ublk.specs()).singleElement().extracting(DiskSpec::name).isEqualTo("ramdisk1");
				assertThat(spec().size()).isEqualTo(4 << 20);
			});
	}

	@Test
	void annotationOfBeanMethodGoesBeforeThatOfItsType() {
		this.contextRunner.withUserConfiguration(SecondScratch.class)
			.run((context) -> assertThat(this.ublk.specs())
				.extracting(DiskSpec::name, DiskSpec::size, DiskSpec::queueDepth)
				.containsExactly(tuple("scratch", 4L << 30, 128), tuple("b", 1L << 30, 16),
						tuple("third", 2L << 30, 128)));
	}

	@Test
	void zeroDrainTimeoutIsAllowed() {
		this.contextRunner.withPropertyValues("ublk.drain-timeout=0").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(UblkProperties.class).drainTimeout()).isZero();
		});
	}

	@Test
	void nameWithOtherCharactersIsWrittenInBrackets() {
		this.contextRunner
			.withPropertyValues("ublk.devices[my_disk.0].store=memory", "ublk.devices[my_disk.0].size=1MB")
			.run((context) -> assertThat(spec().name()).isEqualTo("my_disk.0"));
	}

	private DiskSpec spec() {
		assertThat(this.ublk.specs()).isNotEmpty();
		return this.ublk.specs().get(0);
	}

	@BlockDevice(size = "1GB")
	static class Unnamed extends TestDisks.Null {

	}

	@BlockDevice(name = "everything", size = "1GB", queues = 2, queueDepth = 32, maxIoSize = "1MB",
			logicalBlockSize = "1KB", physicalBlockSize = "8KB", ioMin = "16KB", ioOpt = "64KB", readOnly = true,
			rotational = true, partitionScan = false, dataMode = DataMode.ZERO_COPY)
	static class Everything extends TestDisks.Null {

	}

	@BlockDevice(name = "${disk.name}", size = "${disk.size}", maxIoSize = "${disk.io:64KB}")
	static class Placeholders extends TestDisks.Null {

	}

	@Target(ElementType.TYPE)
	@Retention(RetentionPolicy.RUNTIME)
	@BlockDevice(logicalBlockSize = "4KB", size = "1GB")
	@interface FourKnDisk {

		@AliasFor(annotation = BlockDevice.class)
		String name();

	}

	@FourKnDisk(name = "composed")
	static class Composed extends TestDisks.Null {

	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestDisks.Scratch.class)
	static class SecondScratch {

		@Bean
		@BlockDevice(name = "b", size = "1GB", queueDepth = 16)
		TestDisks.Scratch second() {
			return new TestDisks.Scratch();
		}

		@Bean
		@BlockDevice(name = "third", size = "2GB")
		static TestDisks.Scratch third() {
			return new TestDisks.Scratch();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OtherShapes {

		@Bean
		@BlockDevice(size = "1MB")
		BlockRequestStream stream() {
			return (requests) -> Mono.never();
		}

		@Bean
		@BlockDevice
		BlockStore store() {
			return MemoryBlockStore.sparse(1 << 20);
		}

		@Bean
		BlockDeviceHandler notAnnotatedAndNoDisk() {
			return new TestDisks.Null();
		}

	}

}
