import { join } from 'node:path';
import { Duration, Size } from 'cdk8s';
import {
  Cpu,
  EnvValue,
  HttpIngressPathType,
  Ingress,
  IngressBackend,
  Probe,
  type IngressRule,
  type Service as KubernetesService,
} from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import {
  HardenedDeployment,
  SealedSecret,
  Subject,
  Tenant,
  Waivers,
  type TenantNamespace,
} from '../../constructs';
import { SSO } from './people';

const REGISTRY = 'gcr.io/google-samples/microservices-demo';
const VERSION = 'v0.3.6';

/** Where customers shop. */
const SHOP_HOST = 'shop.example.com';

/** The ingress controller's Service, seen from another namespace. */
const INGRESS_HOST = 'ingress.platform-ingress';

/** What differs between the services of the shop. */
interface Service {
  readonly port: number;
  /** Port of the Service, where it is not that of the pod. */
  readonly servicePort?: number;
  readonly cpu: readonly [request: number, limit: number];
  readonly memory: readonly [request: number, limit: number];
  readonly env?: Record<string, string>;
  readonly writablePaths?: readonly string[];
  /** Whether gRPC or HTTP answers health checks. */
  readonly health?: 'grpc' | 'http';
}

/** Google's Online Boutique: eleven services and a Redis for the carts. */
export class Shop extends Tenant {
  readonly frontend: HardenedDeployment;
  readonly loadGenerator: HardenedDeployment;
  readonly cartStore: HardenedDeployment;

  private readonly web = this.namespace('web');

  /** The password of the carts: the configuration of Redis, and the file in which the exporter looks for it. */
  private readonly redisSecret = sealed(this.web, 'redis-cart');

  constructor(scope: Construct) {
    super(scope, 'shop', {
      owner: 'shop',
      groups: {
        developers: [SSO.group('shop-developers')],
        deployers: [Subject.serviceAccount('pipelines', 'shop')],
      },
      quota: { cpu: '12', memory: '16Gi' },
      allowances: { ingressHosts: ['shop.example.com', INGRESS_HOST] },
    });

    const ad = this.service('adservice', {
      port: 9555,
      cpu: [200, 300],
      memory: [180, 300],
      writablePaths: ['/tmp'],
    });
    const cart = this.service('cartservice', {
      port: 7070,
      cpu: [60, 120],
      memory: [160, 320],
      // ASP.NET reads appsettings.json from here, with REDIS_ADDR in it: the address that holds the password.
      env: { DOTNET_CONTENTROOT: '/etc/secrets/cartservice' },
      writablePaths: ['/tmp'],
    });
    cart.useSecret(sealed(this.web, 'cartservice'));
    const checkout = this.service('checkoutservice', {
      port: 5050,
      cpu: [15, 40],
      memory: [29, 152],
      env: {
        PRODUCT_CATALOG_SERVICE_ADDR: 'productcatalogservice:3550',
        SHIPPING_SERVICE_ADDR: 'shippingservice:50051',
        PAYMENT_SERVICE_ADDR: 'paymentservice:50051',
        EMAIL_SERVICE_ADDR: 'emailservice:5000',
        CURRENCY_SERVICE_ADDR: 'currencyservice:7000',
        CART_SERVICE_ADDR: 'cartservice:7070',
      },
    });
    const currency = this.service('currencyservice', { port: 7000, cpu: [20, 50], memory: [83, 98] });
    const email = this.service('emailservice', {
      port: 8080,
      servicePort: 5000,
      cpu: [100, 200],
      memory: [64, 128],
    });
    const payment = this.service('paymentservice', { port: 50051, cpu: [9, 50], memory: [72, 75] });
    const catalogue = this.service('productcatalogservice', {
      port: 3550,
      cpu: [15, 40],
      memory: [151, 170],
    });
    const recommendation = this.service('recommendationservice', {
      port: 8080,
      cpu: [100, 200],
      memory: [220, 450],
      env: { PRODUCT_CATALOG_SERVICE_ADDR: 'productcatalogservice:3550' },
    });
    const shipping = this.service('shippingservice', { port: 50051, cpu: [7, 30], memory: [129, 160] });
    this.frontend = this.service('frontend', {
      port: 8080,
      servicePort: 80,
      health: 'http',
      cpu: [30, 70],
      memory: [27, 151],
      env: {
        PRODUCT_CATALOG_SERVICE_ADDR: 'productcatalogservice:3550',
        CURRENCY_SERVICE_ADDR: 'currencyservice:7000',
        CART_SERVICE_ADDR: 'cartservice:7070',
        RECOMMENDATION_SERVICE_ADDR: 'recommendationservice:8080',
        SHIPPING_SERVICE_ADDR: 'shippingservice:50051',
        CHECKOUT_SERVICE_ADDR: 'checkoutservice:5050',
        AD_SERVICE_ADDR: 'adservice:9555',
      },
    });
    this.cartStore = this.redis();
    this.loadGenerator = this.users();

    for (const service of [ad, cart, checkout, currency, catalogue, recommendation, shipping])
      this.frontend.allowTo(service);
    for (const service of [cart, currency, email, payment, catalogue, shipping]) checkout.allowTo(service);
    recommendation.allowTo(catalogue);
    cart.allowTo(this.cartStore, { ports: [6379] });
  }

  private service(name: string, service: Service): HardenedDeployment {
    const { port, servicePort = port, cpu, memory, env = {}, writablePaths = [], health = 'grpc' } = service;
    const probe =
      health === 'grpc'
        ? Probe.fromCommand(['/bin/grpc_health_probe', `-addr=:${port}`])
        : Probe.fromHttpGet('/_healthz', { port });
    const deployment = new HardenedDeployment(this.web, name, {
      replicas: 2,
      terminationGracePeriod: Duration.seconds(5),
      securityContext: { user: 1000, group: 1000 },
      writablePaths,
      containers: [
        {
          name: 'server',
          image: `${REGISTRY}/${name}:${VERSION}`,
          port,
          envVariables: environment({
            PORT: String(port),
            DISABLE_TRACING: '1',
            DISABLE_PROFILER: '1',
            ...env,
          }),
          resources: resources(cpu, memory),
          readiness: probe,
          liveness: probe,
        },
      ],
    });
    const exposed = deployment.exposeViaService({
      name,
      ports: [{ name: health, port: servicePort, targetPort: port }],
    });
    if (health === 'http') this.publish(name, exposed);
    return deployment;
  }

  /** Makes a Service reachable through the ingress controller. */
  private publish(name: string, service: KubernetesService): void {
    const rule = (host: string): IngressRule => ({
      host,
      path: '/',
      pathType: HttpIngressPathType.PREFIX,
      backend: IngressBackend.fromService(service),
    });
    // With the default certificate of the controller, which sends customers on from HTTP to HTTPS.
    new Ingress(this.web, `${name}-ingress`, {
      className: 'nginx',
      rules: [rule(SHOP_HOST)],
      tls: [{ hosts: [SHOP_HOST] }],
    });
    const loadTest = new Ingress(this.web, `${name}-load-test`, {
      className: 'nginx',
      rules: [rule(INGRESS_HOST)],
    });
    Waivers.of(loadTest).waive('ingress-tls', {
      reason:
        'only the load generator knows this host; its customers are made up, and their requests stay in the cluster',
    });
  }

  private redis(): HardenedDeployment {
    const store = new HardenedDeployment(this.web, 'redis-cart', {
      replicas: 1,
      securityContext: { user: 999, group: 1000, fsGroup: 1000 },
      writablePaths: [{ path: '/data', sizeLimit: '256Mi', containers: ['redis'] }],
      containers: [
        {
          name: 'redis',
          image: 'docker.io/library/redis:7.2.5-alpine',
          args: ['redis-server', '/etc/secrets/redis-cart/redis.conf', '--dir', '/data'],
          port: 6379,
          resources: resources([70, 125], [200, 256]),
          readiness: Probe.fromTcpSocket({ port: 6379 }),
          liveness: Probe.fromTcpSocket({ port: 6379 }),
        },
        redisExporter({ REDIS_PASSWORD_FILE: '/etc/secrets/redis-cart/exporter.json' }),
      ],
    });
    store.useSecret(this.redisSecret);
    store.exposeViaService({ name: 'redis-cart', ports: [{ name: 'redis', port: 6379, targetPort: 6379 }] });
    return store;
  }

  /** Simulated customers. They come in through the ingress controller, like everybody else. */
  private users(): HardenedDeployment {
    return new HardenedDeployment(this.web, 'loadgenerator', {
      replicas: 1,
      terminationGracePeriod: Duration.seconds(5),
      securityContext: { user: 1000, group: 1000 },
      writablePaths: ['/tmp'],
      containers: [
        {
          name: 'main',
          image: `${REGISTRY}/loadgenerator:${VERSION}`,
          envVariables: environment({ FRONTEND_ADDR: `${INGRESS_HOST}:80`, USERS: '10' }),
          resources: resources([50, 100], [118, 243]),
        },
      ],
    });
  }
}

/** The sidecar that publishes the metrics of a Redis-compatible store. */
export function redisExporter(env: Record<string, string> = {}) {
  return {
    name: 'exporter',
    envVariables: environment(env),
    image: 'docker.io/oliver006/redis_exporter:v1.62.0',
    ports: [{ name: 'metrics', number: 9121 }],
    resources: resources([10, 100], [32, 64]),
    securityContext: { user: 59000, group: 59000 },
  };
}

/** A secret that is committed as ciphertext; `sealed/README.md` says how it was made. */
export function sealed(namespace: TenantNamespace, name: string): SealedSecret {
  return new SealedSecret(namespace, `sealed-${name}`, { file: join(__dirname, 'sealed', `${name}.yaml`) });
}

/** CPU in thousandths of a core and memory in MiB, as request and limit. */
export function resources(cpu: readonly [number, number], memory: readonly [number, number]) {
  return {
    cpu: { request: Cpu.millis(cpu[0]), limit: Cpu.millis(cpu[1]) },
    memory: { request: Size.mebibytes(memory[0]), limit: Size.mebibytes(memory[1]) },
  };
}

function environment(variables: Record<string, string>): Record<string, EnvValue> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, EnvValue.fromValue(value)]),
  );
}
