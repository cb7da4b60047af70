using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Security;
using System.Threading;

namespace Topicwire
{
    /// <summary>How a <see cref="ClientWebSocket"/> connects, under the names of <see cref="System.Net.WebSockets.ClientWebSocketOptions"/>.</summary>
    public sealed class ClientWebSocketOptions
    {
        private readonly List<string> subProtocols = new List<string>();
        private readonly List<KeyValuePair<string, string>> headers = new List<KeyValuePair<string, string>>();
        private TimeSpan keepAliveInterval = TimeSpan.FromSeconds(30);
        private TimeSpan keepAliveTimeout = Timeout.InfiniteTimeSpan;
        private CookieContainer? cookies;
        private IWebProxy? proxy;
        private bool proxySet;
        private bool acceptAnyCertificate;
        private bool started;

        internal ClientWebSocketOptions() { }

        /// <summary>How often a ping is sent; <see cref="Timeout.InfiniteTimeSpan"/> or zero for never. Default: 30 s.</summary>
        public TimeSpan KeepAliveInterval
        {
            get => keepAliveInterval;
            set => keepAliveInterval = Time(value);
        }

        /// <summary>How long a pong may take before the connection is given up; <see cref="Timeout.InfiniteTimeSpan"/> or zero for ever, which is the default.</summary>
        public TimeSpan KeepAliveTimeout
        {
            get => keepAliveTimeout;
            set => keepAliveTimeout = Time(value);
        }

        /// <summary>Cookies to send.</summary>
        public CookieContainer? Cookies
        {
            get => cookies;
            set
            {
                Check();
                cookies = value;
            }
        }

        /// <summary>The proxy; null for none. While it is not set, the usual environment variables count.</summary>
        public IWebProxy? Proxy
        {
            get => proxy;
            set
            {
                Check();
                proxy = value;
                proxySet = true;
            }
        }

        /// <summary>Accept any certificate. For local use only. This is what a <see cref="RemoteCertificateValidationCallback"/> that always says yes is for.</summary>
        public bool AcceptAnyCertificate
        {
            get => acceptAnyCertificate;
            set
            {
                Check();
                acceptAnyCertificate = value;
            }
        }

        /// <summary>PEM files with certificate authorities to trust beside the system's.</summary>
        public IList<string> CertificateAuthorityFiles { get; } = new List<string>();

        /// <summary>Not there: certificates are judged by native code. Setting it says what to use in its place.</summary>
        /// <exception cref="PlatformNotSupportedException">Anything but null was set.</exception>
        public RemoteCertificateValidationCallback? RemoteCertificateValidationCallback
        {
            get => null;
            set
            {
                if (value is null) return;
                throw new PlatformNotSupportedException(
                    "certificates are judged by native code; name authorities with CertificateAuthorityFiles, or set AcceptAnyCertificate for a server of your own");
            }
        }

        /// <summary>Offers a subprotocol.</summary>
        /// <param name="subProtocol">Its name.</param>
        /// <exception cref="ArgumentException">It was offered already, or is no name.</exception>
        public void AddSubProtocol(string subProtocol)
        {
            Check();
            if (string.IsNullOrEmpty(subProtocol)) throw new ArgumentException("expected the name of a subprotocol", nameof(subProtocol));
            foreach (var one in subProtocols)
            {
                if (string.Equals(one, subProtocol, StringComparison.OrdinalIgnoreCase)) throw new ArgumentException("it was offered already", nameof(subProtocol));
            }
            subProtocols.Add(subProtocol);
        }

        /// <summary>Sets a header of the upgrade request; null takes it away.</summary>
        /// <param name="headerName">Its name.</param>
        /// <param name="headerValue">Its value.</param>
        public void SetRequestHeader(string headerName, string? headerValue)
        {
            Check();
            if (string.IsNullOrEmpty(headerName)) throw new ArgumentException("expected the name of a header", nameof(headerName));
            headers.RemoveAll(one => string.Equals(one.Key, headerName, StringComparison.OrdinalIgnoreCase));
            if (!(headerValue is null)) headers.Add(new KeyValuePair<string, string>(headerName, headerValue));
        }

        /// <summary>Does nothing: buffers are the native code's own.</summary>
        /// <param name="receiveBufferSize">Not used.</param>
        /// <param name="sendBufferSize">Not used.</param>
        public void SetBuffer(int receiveBufferSize, int sendBufferSize) => Check();

        /// <summary>Nothing can be set from here on.</summary>
        internal RawOptions Freeze(Uri uri)
        {
            started = true;
            var raw = new RawOptions
            {
                Url = uri.AbsoluteUri,
                PingInterval = Never(keepAliveInterval),
                PingTimeout = Never(keepAliveTimeout),
            };
            foreach (var one in subProtocols) raw.Subprotocols.Add(one);
            foreach (var one in headers) raw.Connection.Headers.Add(one);
            foreach (var one in CertificateAuthorityFiles) raw.Connection.CaFiles.Add(one);
            var jar = cookies?.GetCookieHeader(new UriBuilder(uri) { Scheme = uri.Scheme == "wss" ? "https" : "http", Port = uri.IsDefaultPort ? -1 : uri.Port }.Uri);
            if (!string.IsNullOrEmpty(jar)) raw.Connection.Headers.Add(new KeyValuePair<string, string>("Cookie", jar!));
            if (acceptAnyCertificate) raw.Connection.Insecure = true;
            // The class that this stands in for has no limits of its own.
            raw.Connection.MaxMessage = long.MaxValue;
            raw.Connection.ConnectTimeout = TimeSpan.FromSeconds(100);
            raw.Connection.CloseTimeout = TimeSpan.FromSeconds(10);
            if (proxySet)
            {
                var address = proxy is null || proxy.IsBypassed(uri) ? null : proxy.GetProxy(uri);
                if (address is null) raw.Connection.NoProxy = true;
                else raw.Connection.Proxy = address.AbsoluteUri.TrimEnd('/');
            }
            return raw;
        }

        private TimeSpan Time(TimeSpan value)
        {
            Check();
            if (value != Timeout.InfiniteTimeSpan && value < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(value));
            return value;
        }

        private static TimeSpan Never(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : time;

        private void Check()
        {
            if (started) throw new InvalidOperationException("the socket has been started, and its options with it");
        }
    }
}
