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

package io.github.ublk4j.engine.driver;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.linux.CurrentThread;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.EventFd;
import io.github.ublk4j.engine.linux.IoMemory;
import io.github.ublk4j.engine.linux.IoUringCalls;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.Mapping;
import io.github.ublk4j.engine.uring.CqeDescriptor;
import io.github.ublk4j.engine.uring.IoUring;
import io.github.ublk4j.engine.uring.ParamsDescriptor;
import io.github.ublk4j.engine.uring.SqeDescriptor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Proves every number that Java code shares with the kernel against the kernel's own
 * headers: a C compiler gets an assertion for each, found by reflection, so that a
 * constant added later is compared without a change here.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "compiles Linux headers")
class KernelHeadersTests {

	private static final String INCLUDES = """
			#include <linux/types.h>
			#include <linux/ublk_cmd.h>
			#include <linux/io_uring.h>
			#include <linux/eventfd.h>
			#include <linux/falloc.h>
			#include <linux/fcntl.h>
			#include <linux/fs.h>
			#include <linux/mman.h>
			#include <linux/prctl.h>
			#include <linux/uio.h>
			#include <asm/errno.h>
			#include <asm/ioctl.h>
			#include <asm/poll.h>
			#include <asm/unistd.h>
			""";

	private static final Map<String, String> UBLK_STRUCTURES = Map.ofEntries(Map.entry("CtrlCmd", "ublksrv_ctrl_cmd"),
			Map.entry("DevInfo", "ublksrv_ctrl_dev_info"), Map.entry("IoDesc", "ublksrv_io_desc"),
			Map.entry("IoCmd", "ublksrv_io_cmd"), Map.entry("AutoBufReg", "ublk_auto_buf_reg"),
			Map.entry("ElemHeader", "ublk_elem_header"), Map.entry("BatchIo", "ublk_batch_io"),
			Map.entry("ShmemBufReg", "ublk_shmem_buf_reg"), Map.entry("Params", "ublk_params"),
			Map.entry("ParamBasic", "ublk_param_basic"), Map.entry("ParamDiscard", "ublk_param_discard"),
			Map.entry("ParamDevt", "ublk_param_devt"), Map.entry("ParamZoned", "ublk_param_zoned"),
			Map.entry("ParamDmaAlign", "ublk_param_dma_align"), Map.entry("ParamSegment", "ublk_param_segment"),
			Map.entry("ParamIntegrity", "ublk_param_integrity"));

	private final Map<String, String> assertions = new TreeMap<>();

	@BeforeAll
	static void compilerAndHeadersAreThere() throws Exception {
		assertThat(KernelHeaders.compile(INCLUDES)).isEmpty();
	}

	@Test
	void layoutsOfUblkAreThoseOfTheKernel() throws Exception {
		Set<String> covered = Set.of(UblkLayout.class.getClasses())
			.stream()
			.map(Class::getSimpleName)
			.collect(Collectors.toSet());
		assertThat(UBLK_STRUCTURES.keySet()).isEqualTo(covered);
		for (Class<?> layout : UblkLayout.class.getClasses()) {
			compareLayout(layout, "struct " + UBLK_STRUCTURES.get(layout.getSimpleName()), Map.of());
		}
		prove();
	}

	@Test
	void layoutsOfIoUringAreThoseOfTheKernel() throws Exception {
		compareLayout(SqeDescriptor.class, "struct io_uring_sqe", Map.of("SIZE_128", "2 * sizeof(struct io_uring_sqe)",
				"OP_FLAGS", offset("struct io_uring_sqe", "rw_flags")));
		compareLayout(CqeDescriptor.class, "struct io_uring_cqe", Map.of("SIZE_32", "2 * sizeof(struct io_uring_cqe)"));
		Map<String, String> nested = constants(ParamsDescriptor.class).keySet()
			.stream()
			.filter((name) -> name.matches("[SC]Q_OFF_.*"))
			.collect(Collectors.toMap(Function.identity(), (name) -> offset("struct io_uring_params",
					lowerCase(name.substring(0, 6)) + "." + lowerCase(name.substring(7)))));
		compareLayout(ParamsDescriptor.class, "struct io_uring_params", nested);
		prove();
	}

	@Test
	void constantsOfIoUringAreThoseOfTheKernel() throws Exception {
		compare(IoUring.class, (name) -> name.startsWith("SQE_") ? "IO" + name : "IORING_" + name,
				Map.ofEntries(Map.entry("RWF_DSYNC", "RWF_DSYNC"), Map.entry("IOVEC_SIZE", "sizeof(struct iovec)"),
						Map.entry("IOVEC_LEN", offset("struct iovec", "iov_len")),
						Map.entry("RSRC_REGISTER_SIZE", "sizeof(struct io_uring_rsrc_register)"),
						Map.entry("RSRC_REGISTER_NR", offset("struct io_uring_rsrc_register", "nr")),
						Map.entry("RSRC_REGISTER_FLAGS", offset("struct io_uring_rsrc_register", "flags")),
						Map.entry("RSRC_UPDATE_SIZE", "sizeof(struct io_uring_rsrc_update)"),
						Map.entry("RSRC_UPDATE_OFFSET", offset("struct io_uring_rsrc_update", "offset")),
						Map.entry("RSRC_UPDATE_DATA", offset("struct io_uring_rsrc_update", "data")),
						Map.entry("POLLIN", "POLLIN"),
						Map.entry("EXT_ARG_SIZE", "sizeof(struct io_uring_getevents_arg)"),
						Map.entry("EXT_ARG_TS", offset("struct io_uring_getevents_arg", "ts")),
						Map.entry("TIMESPEC_SIZE", "sizeof(struct __kernel_timespec)"),
						Map.entry("TIMESPEC_TV_NSEC", offset("struct __kernel_timespec", "tv_nsec"))));
		equal("tv_sec", offset("struct __kernel_timespec", "tv_sec"), 0);
		prove();
	}

	@Test
	void systemCallsAreThoseOfTheKernel() throws Exception {
		compare(IoUringCalls.class, (name) -> "__NR_io_uring_" + lowerCase(name), Map.of());
		prove();
	}

	@Test
	void commandsOfUblkAreThoseOfTheKernel() throws Exception {
		for (ControlCommand command : ControlCommand.values()) {
			equal(command.name(), "UBLK_U_CMD_" + command, command.opcode());
		}
		compare(IoCommand.class, (name) -> (name.startsWith("RES_") ? "UBLK_IO_" : "UBLK_U_IO_") + name, Map.of());
		prove();
	}

	@Test
	void operationsAndFlagsOfRequestsAreThoseOfTheKernel() throws Exception {
		compare(IoOperation.class,
				(name) -> name.startsWith("FLAG_") ? "UBLK_IO_F_" + name.substring(5) : "UBLK_IO_OP_" + name,
				// the header has this one only inside a function
				Map.of("MASK", "0xff"));
		prove();
	}

	@Test
	void featuresAreThoseOfTheKernel() throws Exception {
		for (UblkFeature feature : UblkFeature.values()) {
			equal(feature.name(), "UBLK_F_" + feature, feature.mask());
		}
		prove();
	}

	@Test
	void deviceStatesAreThoseOfTheKernel() throws Exception {
		DriverState[] states = DriverState.values();
		for (int i = 0; i < states.length; i++) {
			equal(states[i].name(), "UBLK_S_DEV_" + states[i], i);
		}
		prove();
	}

	@Test
	void parameterTypesAndAttributesAreThoseOfTheKernel() throws Exception {
		compare(DeviceParameters.class, (name) -> (name.startsWith("TYPE_") ? "UBLK_PARAM_" : "UBLK_") + name,
				Map.of("SECTOR_SHIFT", "9", "MAX_RANGE_SECTORS", "0x7ffff000 >> 9",
						// from the kernel's own blkdev.h
						"DEFAULT_SEGMENTS", "128", "SEGMENT_BOUNDARY_MASK", "0xffffffff", "MAX_SEGMENT_SIZE", "65536"));
		prove();
	}

	@Test
	void limitsAreThoseOfTheKernel() throws Exception {
		equal("DiskSpec.MAX_QUEUE_DEPTH", "UBLK_MAX_QUEUE_DEPTH", DiskSpec.MAX_QUEUE_DEPTH);
		equal("DiskSpec.MAX_QUEUES", "UBLK_MAX_NR_QUEUES", constant(DiskSpec.class, "MAX_QUEUES"));
		equal("DiskSpec.MAX_IO_SIZE", "1 << UBLK_IO_BUF_BITS", DiskSpec.MAX_IO_SIZE);
		equal("CharDevice.MAX_QUEUE_DEPTH", "UBLK_MAX_QUEUE_DEPTH", constant(CharDevice.class, "MAX_QUEUE_DEPTH"));
		equal("where the descriptors of the first queue are mapped", "UBLKSRV_CMD_BUF_OFFSET", 0);
		equal("length of the answer to GET_FEATURES", "UBLK_FEATURES_LEN", Long.BYTES);
		prove();
	}

	@Test
	void errorNumbersAreThoseOfTheKernel() throws Exception {
		compare(Errno.class, Function.identity(), Map.of());
		for (int errno = 1; errno < 200; errno++) {
			if (!Errno.name(errno).startsWith("errno ")) {
				equal("Errno.name(" + errno + ")", Errno.name(errno), errno);
			}
		}
		for (BlockErrno errno : BlockErrno.values()) {
			equal("BlockErrno." + errno, errno.name(), errno.number());
		}
		prove();
	}

	@Test
	void flagsOfSystemCallsAreThoseOfTheKernel() throws Exception {
		Map<String, String> composed = Map.of("PROT_READ_WRITE", "PROT_READ | PROT_WRITE", "MAP_PRIVATE_ANONYMOUS",
				"MAP_PRIVATE | MAP_ANONYMOUS");
		compare(Mapping.class, Function.identity(), composed);
		compare(IoMemory.class, Function.identity(), composed);
		compare(LinuxFile.class, Function.identity(), composed);
		compare(EventFd.class, Function.identity(), composed);
		compare(CurrentThread.class, Function.identity(), composed);
		prove();
	}

	@ParameterizedTest
	@ValueSource(strings = { "UBLK_MAX_QUEUE_DEPTH == 4095", "UBLK_NO_SUCH_THING == 1" })
	void wrongNumberAndUnknownNameAreNoticed(String wrong) throws Exception {
		assertThat(KernelHeaders.compile(program(Map.of("example", wrong)))).contains("error:");
	}

	private void compareLayout(Class<?> layout, String structure, Map<String, String> exceptions) throws Exception {
		compare(layout,
				(name) -> name.equals("SIZE") ? "sizeof(" + structure + ")" : offset(structure, lowerCase(name)),
				exceptions);
	}

	private void compare(Class<?> type, Function<String, String> inC, Map<String, String> exceptions) throws Exception {
		Map<String, Long> constants = constants(type);
		assertThat(constants).isNotEmpty();
		constants.forEach((name, value) -> equal(type.getSimpleName() + "." + name,
				exceptions.containsKey(name) ? exceptions.get(name) : inC.apply(name), value));
	}

	// An int of Java may stand for an unsigned one of C
	private void equal(String name, String inC, long value) {
		boolean wide = value != (int) value;
		this.assertions.put(name,
				wide ? "(__u64)(%s) == %dULL".formatted(inC, value) : "(__u32)(%s) == %du && (__s64)(%s) >> 32 <= 0"
					.formatted(inC, Integer.toUnsignedLong((int) value), inC));
	}

	private void prove() throws IOException, InterruptedException {
		assertThat(KernelHeaders.compile(program(this.assertions))).isEmpty();
	}

	private static String program(Map<String, String> assertions) {
		return assertions.entrySet()
			.stream()
			.map((entry) -> "_Static_assert(" + entry.getValue() + ", \"" + entry.getKey() + "\");\n")
			.collect(Collectors.joining("", INCLUDES, ""));
	}

	private static String offset(String structure, String field) {
		return "__builtin_offsetof(" + structure + ", " + field + ")";
	}

	private static long constant(Class<?> type, String name) throws IllegalAccessException {
		return Objects.requireNonNull(constants(type).get(name), name);
	}

	private static Map<String, Long> constants(Class<?> type) throws IllegalAccessException {
		Map<String, Long> constants = new TreeMap<>();
		for (Field field : type.getDeclaredFields()) {
			boolean number = field.getType() == int.class || field.getType() == long.class;
			if (number && Modifier.isStatic(field.getModifiers()) && Modifier.isFinal(field.getModifiers())) {
				field.setAccessible(true);
				constants.put(field.getName(), ((Number) field.get(null)).longValue());
			}
		}
		return constants;
	}

	private static String lowerCase(String name) {
		return name.toLowerCase(Locale.ROOT);
	}

}
