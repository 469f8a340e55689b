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

import java.util.Map;

import com.sun.jna.Function;
import com.sun.jna.JNIEnv;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The system call itself, as a Java native method. JNA reaches every C function through
 * code that looks at each argument anew; a native method of Java takes some 2,400
 * instructions less. Such a method needs a C function with the arguments of JNI, which no
 * library on the system has, so it is written here: ten instructions, put into a page of
 * memory and made known to Java with {@code RegisterNatives} of {@code jni.h}, by JNA.
 * <p>
 * To Java it is like any other native method: a thread that waits in it holds up neither
 * garbage collection nor other threads. {@code docs/decisions/0014-system-calls.md} tells
 * what was measured.
 */
final class JniSyscall {

	/**
	 * {@code jlong call(JNIEnv *, jclass, jlong number, jlong first, ... sixth)} in the
	 * calling convention of System V for x86-64. The kernel wants the number in rax, the
	 * arguments in rdi, rsi, rdx, r10, r8 and r9, and changes no other register than rcx
	 * and r11, which belong to the called function.
	 */
	private static final int[] X86_64 = { //
			0xf3, 0x0f, 0x1e, 0xfa, // endbr64
			0x48, 0x89, 0xd0, // mov rax, rdx
			0x48, 0x89, 0xcf, // mov rdi, rcx
			0x4c, 0x89, 0xc6, // mov rsi, r8
			0x4c, 0x89, 0xca, // mov rdx, r9
			0x4c, 0x8b, 0x54, 0x24, 0x08, // mov r10, [rsp + 8]
			0x4c, 0x8b, 0x44, 0x24, 0x10, // mov r8, [rsp + 16]
			0x4c, 0x8b, 0x4c, 0x24, 0x18, // mov r9, [rsp + 24]
			0x0f, 0x05, // syscall
			0xc3 // ret
	};

	private static final String SIGNATURE = "(JJJJJJJ)J";

	// where struct JNINativeInterface_ of jni.h has the function
	private static final int REGISTER_NATIVES = 215;

	private static final int PROT_READ_EXEC = 5;

	private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

	private static final long GETPID = 39;

	private JniSyscall() {
	}

	/**
	 * Makes a system call.
	 * @param number which call
	 * @param first the first argument
	 * @param second the second argument
	 * @param third the third argument
	 * @param fourth the fourth argument
	 * @param fifth the fifth argument
	 * @param sixth the sixth argument
	 * @return its result, or the negative error number
	 */
	static native long call(long number, long first, long second, long third, long fourth, long fifth, long sixth);

	/**
	 * Makes {@link #call} work. The page of memory that this takes, for each class loader
	 * that loads this class, stays for the life of the process.
	 * @return whether it does; not on other processors than x86-64, nor where memory
	 * cannot be made executable
	 */
	static boolean bind() {
		// an image that was compiled ahead has its native methods bound already
		boolean compiledAhead = System.getProperty("org.graalvm.nativeimage.imagecode") != null;
		if (!System.getProperty("os.arch", "").equals("amd64") || compiledAhead) {
			return false;
		}
		try {
			Pointer function = function();
			if (!register(function)) {
				Libc.munmap(Pointer.nativeValue(function), LinuxPlatform.PAGE_SIZE);
				return false;
			}
			return call(GETPID, 0, 0, 0, 0, 0, 0) == ProcessHandle.current().pid();
		}
		catch (LinkageError | RuntimeException ex) {
			return false;
		}
	}

	private static Pointer function() {
		long address = Libc.mmap(0, LinuxPlatform.PAGE_SIZE, Mapping.PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
		if (address == -1) {
			throw new LinuxException("mmap a page for a function", Libc.errno());
		}
		Pointer page = new Pointer(address);
		for (int i = 0; i < X86_64.length; i++) {
			page.setByte(i, (byte) X86_64[i]);
		}
		if (Libc.mprotect(address, LinuxPlatform.PAGE_SIZE, PROT_READ_EXEC) == -1) {
			int errno = Libc.errno();
			Libc.munmap(address, LinuxPlatform.PAGE_SIZE);
			throw new LinuxException("mprotect a page to be executable", errno);
		}
		return page;
	}

	/**
	 * Calls {@code RegisterNatives}, which is reached through the table that every
	 * {@code JNIEnv} begins with.
	 */
	private static boolean register(Pointer function) {
		Map<String, Object> options = Map.of(Library.OPTION_ALLOW_OBJECTS, true);
		try (Memory table = new Memory(Long.BYTES);
				Memory name = text("call");
				Memory signature = text(SIGNATURE);
				Memory method = new Memory(3L * Long.BYTES)) {
			NativeLibrary.getInstance("c")
				.getFunction("memcpy")
				.invoke(Pointer.class, new Object[] { table, JNIEnv.CURRENT, table.size() }, options);
			Pointer registerNatives = table.getPointer(0).getPointer((long) REGISTER_NATIVES * Long.BYTES);
			method.setPointer(0, name);
			method.setPointer(Long.BYTES, signature);
			method.setPointer(2L * Long.BYTES, function);
			Object result = Function.getFunction(registerNatives)
				.invoke(int.class, new Object[] { JNIEnv.CURRENT, JniSyscall.class, method, 1 }, options);
			return Integer.valueOf(0).equals(result);
		}
	}

	private static Memory text(String text) {
		Memory memory = new Memory(text.length() + 1L);
		memory.setString(0, text);
		return memory;
	}

}
