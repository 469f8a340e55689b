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

import java.nio.file.Path;

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class UnusedAnnotationsTests {

	private final ApplicationContextRunner contextRunner;

	UnusedAnnotationsTests(@TempDir Path directory) {
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, new TestUblk()::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	@Test
	void beanWithoutBlockDeviceIsReported(CapturedOutput output) {
		this.contextRunner.withBean("tape", Forgotten.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).contains("The bean 'tape' of type " + Forgotten.class.getName()
					+ " has methods with @OnRead, @OnWrite, but serves no disk: "
					+ "annotate its class, or its @Bean method, with @BlockDevice");
		});
	}

	@Test
	void beanThatServesDiskIsNot(CapturedOutput output) {
		this.contextRunner.withBean("tape", Disk.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).doesNotContain("serves no disk");
		});
	}

	static class Forgotten {

		@OnRead
		byte[] load(int length) {
			return new byte[length];
		}

		@OnWrite
		void save(byte[] data) {
		}

	}

	@BlockDevice(size = "1MB", readOnly = true)
	static class Disk {

		@OnRead
		byte[] load(int length) {
			return new byte[length];
		}

	}

}
