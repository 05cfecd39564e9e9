using System.Text;

namespace EventStore.Appending;

/// <summary>Postgres stores neither the character U+0000 nor half a surrogate pair. Found here, such text costs no failed transaction.</summary>
internal static class StorableText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True when Postgres takes the text as it is.</summary>
    public static bool IsStorable(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    /// <summary>The text with U+FFFD for what Postgres does not take: for explanations, which must never be refused themselves.</summary>
    public static string? Mend(string? text) =>
        text is null || IsStorable(text) ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    /// <summary>JSON text as UTF-8, or null when <c>jsonb</c> would refuse a character in it.</summary>
    public static byte[]? Encode(string json)
    {
        try
        {
            var bytes = Strict.GetBytes(json);
            return HasNull(bytes) ? null : bytes;
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>True for U+0000, plain or as the escape <c>\u0000</c> (but not as an escaped backslash before <c>u0000</c>).</summary>
    public static bool HasNull(ReadOnlySpan<byte> json)
    {
        if (json.Contains((byte)0))
            return true;
        for (int at = 0, next; (next = json[at..].IndexOf("\\u0000"u8)) >= 0; at += next + 1)
        {
            var backslashes = 0;
            while (at + next - backslashes > 0 && json[at + next - backslashes - 1] == '\\')
                backslashes++;
            if (backslashes % 2 == 0)
                return true;
        }

        return false;
    }
}
