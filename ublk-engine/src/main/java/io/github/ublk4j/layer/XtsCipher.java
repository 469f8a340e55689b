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

package io.github.ublk4j.layer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;

import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-XTS as of IEEE 1619 (NIST SP 800-38E), over the AES of the JDK, which uses the
 * instructions of the processor. Data units are whole blocks, so that no ciphertext is
 * stolen. Not for several threads at a time.
 */
final class XtsCipher {

	static final int BLOCK = 16;

	private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

	/** x^128 = x^7 + x^2 + x + 1. */
	private static final long REDUCTION = 0x87;

	private final Cipher encrypting;

	private final Cipher decrypting;

	private final Cipher tweaking;

	private final byte[] tweaks;

	private final byte[] number = new byte[BLOCK];

	/**
	 * Creates a cipher.
	 * @param key the two keys, 32 bytes together for AES-128 and 64 for AES-256
	 * @param unit the size of a data unit in bytes, a multiple of 16
	 */
	XtsCipher(byte[] key, int unit) {
		int half = key.length / 2;
		SecretKeySpec data = new SecretKeySpec(key, 0, half, "AES");
		SecretKeySpec tweak = new SecretKeySpec(key, half, half, "AES");
		this.tweaks = new byte[unit];
		try {
			this.encrypting = Cipher.getInstance("AES/ECB/NoPadding");
			this.encrypting.init(Cipher.ENCRYPT_MODE, data);
			this.decrypting = Cipher.getInstance("AES/ECB/NoPadding");
			this.decrypting.init(Cipher.DECRYPT_MODE, data);
			this.tweaking = Cipher.getInstance("AES/ECB/NoPadding");
			this.tweaking.init(Cipher.ENCRYPT_MODE, tweak);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This Java runtime has no AES with keys of " + half + " bytes", ex);
		}
	}

	/**
	 * Encrypts a data unit in place.
	 * @param number the number of the unit
	 * @param data where it is
	 * @param offset where it begins
	 */
	void encrypt(long number, byte[] data, int offset) {
		transform(this.encrypting, number, data, offset);
	}

	/**
	 * Decrypts a data unit in place.
	 * @param number the number of the unit
	 * @param data where it is
	 * @param offset where it begins
	 */
	void decrypt(long number, byte[] data, int offset) {
		transform(this.decrypting, number, data, offset);
	}

	private void transform(Cipher cipher, long unit, byte[] data, int offset) {
		try {
			Arrays.fill(this.number, (byte) 0);
			LONGS.set(this.number, 0, unit);
			this.tweaking.doFinal(this.number, 0, BLOCK, this.tweaks, 0);
			for (int i = BLOCK; i < this.tweaks.length; i += BLOCK) {
				multiply(i);
			}
			combine(data, offset);
			cipher.doFinal(data, offset, this.tweaks.length, data, offset);
			combine(data, offset);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("AES failed on a whole number of blocks", ex);
		}
	}

	/**
	 * Makes a tweak from the one before, times x in GF(2^128).
	 */
	private void multiply(int at) {
		long low = (long) LONGS.get(this.tweaks, at - BLOCK);
		long high = (long) LONGS.get(this.tweaks, at - BLOCK + Long.BYTES);
		LONGS.set(this.tweaks, at, (low << 1) ^ ((high >> 63) & REDUCTION));
		LONGS.set(this.tweaks, at + Long.BYTES, (high << 1) | (low >>> 63));
	}

	private void combine(byte[] data, int offset) {
		for (int i = 0; i < this.tweaks.length; i += Long.BYTES) {
			LONGS.set(data, offset + i, (long) LONGS.get(data, offset + i) ^ (long) LONGS.get(this.tweaks, i));
		}
	}

}
