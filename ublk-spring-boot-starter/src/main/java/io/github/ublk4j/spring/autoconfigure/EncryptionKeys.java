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
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;

import javax.crypto.SecretKey;

import io.github.ublk4j.layer.InvalidLayerException;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.util.StringUtils;

/**
 * Reads keys for encryption from where a property says. No message contains any of them.
 */
final class EncryptionKeys {

	private static final String FILE = "file:";

	private static final String BUNDLE = "bundle:";

	private static final String REMEDY = "Use 64 random bytes in Base64 (openssl rand -base64 64 | tr -d '\\n'), "
			+ "file:/path of a file that contains them, or bundle:<name>#<alias> of a secret key in an SSL bundle.";

	private final ObjectProvider<SslBundles> bundles;

	EncryptionKeys(ObjectProvider<SslBundles> bundles) {
		this.bundles = bundles;
	}

	/**
	 * Returns the bytes of a key.
	 * @param property the property: Base64, {@code file:/path} of Base64, or
	 * {@code bundle:<name>#<alias>}
	 */
	byte[] read(@Nullable String property) {
		if (!StringUtils.hasText(property)) {
			throw new InvalidLayerException("key", "not set", REMEDY);
		}
		if (property.startsWith(BUNDLE)) {
			return ofBundle(property);
		}
		String text = property.startsWith(FILE) ? content(Path.of(property.substring(FILE.length()))) : property;
		try {
			return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
		}
		catch (IllegalArgumentException ex) {
			// without the cause, which quotes the key
			throw new InvalidLayerException("key", "not Base64", REMEDY);
		}
	}

	private static String content(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new StoreUnavailableException("its key cannot be read from " + file + ".",
					"Correct the path, or the rights to the file.", ex);
		}
	}

	private byte[] ofBundle(String property) {
		String[] nameAndAlias = property.substring(BUNDLE.length()).split("#", -1);
		if (nameAndAlias.length != 2 || nameAndAlias[0].isEmpty() || nameAndAlias[1].isEmpty()) {
			throw new InvalidLayerException("key", property,
					"Use bundle:<name>#<alias> for the secret key <alias> in the key store of the SSL bundle <name>.");
		}
		String name = nameAndAlias[0];
		String alias = nameAndAlias[1];
		SslBundle bundle = bundle(property, name);
		Key key;
		try {
			KeyStore store = bundle.getStores().getKeyStore();
			key = (store != null) ? store.getKey(alias, password(bundle)) : null;
		}
		catch (GeneralSecurityException | RuntimeException ex) {
			throw new StoreUnavailableException(
					"its key cannot be read from the SSL bundle '" + name + "': " + ex.getMessage() + ".",
					"Correct the properties spring.ssl.bundle.jks." + name + ".*.", ex);
		}
		byte[] bytes = (key instanceof SecretKey secret) ? secret.getEncoded() : null;
		if (bytes == null) {
			throw new InvalidLayerException("key", property,
					"The key store of the SSL bundle '" + name + "' has no secret key '" + alias
							+ "' whose bytes can be had. Make one (keytool -genseckey -alias " + alias
							+ " -keyalg HmacSHA512 -keysize 512 -storetype PKCS12), or correct the alias.");
		}
		return bytes;
	}

	private SslBundle bundle(String property, String name) {
		String remedy = "There is no SSL bundle '" + name + "'. Set spring.ssl.bundle.jks." + name
				+ ".keystore.location, or correct the name.";
		SslBundles all = this.bundles.getIfAvailable();
		if (all == null) {
			throw new InvalidLayerException("key", property, remedy);
		}
		try {
			return all.getBundle(name);
		}
		catch (NoSuchSslBundleException ex) {
			throw new InvalidLayerException("key", property, remedy);
		}
	}

	private static char @Nullable [] password(SslBundle bundle) {
		String ofKey = bundle.getKey().getPassword();
		String password = (ofKey != null) ? ofKey : bundle.getStores().getKeyStorePassword();
		return (password != null) ? password.toCharArray() : null;
	}

}
