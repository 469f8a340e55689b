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

package io.github.ublk4j.engine.linux;

import java.lang.invoke.MethodHandle;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ForeignSyscall}.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64", disabledReason = "uses a number of amd64")
class ForeignSyscallTests {

	private static final long GETPID = 39;

	@Test
	@EnabledForJreRange(maxVersion = 21, disabledReason = "java.lang.foreign is there")
	void thereIsNoneBeforeJava22() {
		assertThat(ForeignSyscall.find()).isNull();
	}

	@Test
	@EnabledForJreRange(minVersion = 22, disabledReason = "java.lang.foreign is missing")
	void callsTheKernel() throws Throwable {
		MethodHandle syscall = ForeignSyscall.find();
		assertThat(syscall).isNotNull();
		assertThat((long) syscall.invokeExact(GETPID, 0L, 0L, 0L, 0L, 0L, 0L)).isEqualTo(ProcessHandle.current().pid());
	}

}
