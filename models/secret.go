package models

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// SecretKeySize is the size of the installation's key in bytes.
const SecretKeySize = 32

// Keeper encrypts what must not be read from a stolen database.
type Keeper struct{ aead cipher.AEAD }

// NewKeeper makes a keeper of the installation's key.
func NewKeeper(key []byte) (*Keeper, error) {
	if len(key) != SecretKeySize {
		return nil, fmt.Errorf("the secret key has %d bytes instead of %d", len(key), SecretKeySize)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "soshik secrets", SecretKeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Keeper{aead}, err
}

// Seal encrypts plain. The answer for the same text differs each time.
func (k *Keeper) Seal(plain string) []byte {
	return k.aead.Seal(nil, nil, []byte(plain), nil)
}

// Unseal is the reverse of Seal. It fails when another key sealed it.
func (k *Keeper) Unseal(sealed []byte) (string, error) {
	plain, err := k.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return "", errors.New("a stored secret cannot be decrypted: the secret key is not the one it was stored with")
	}
	return string(plain), nil
}

// NewSecretKey is a fresh key for an installation.
func NewSecretKey() []byte {
	key := make([]byte, SecretKeySize)
	_, _ = rand.Read(key) // never fails
	return key
}
